import type { FailureReason } from '../failure.ts'
import type { Condition, Rule } from '../rule.ts'

/** Parts of names, by what they mean; the more telling stand first. Names are in lower case, their words often not apart. */
const PARTS: readonly (readonly [reason: FailureReason, parts: readonly string[]])[] = [
  [
    'billing',
    [
      'insufficient_quota',
      'quota_exhausted',
      'arrears',
      'overdue',
      'insufficient balance',
      'insufficientbalance',
      'insufficient credit',
      'insufficientcredit',
      'insufficient fund',
      'payment required',
      'paymentrequired',
      'billing',
      'out of credit',
      'spend limit',
      'spending limit',
    ],
  ],
  [
    'context_length',
    [
      'context length',
      'contextlength',
      'context window',
      'contextwindow',
      'too long',
      'toolong',
      'prompt too',
      'token limit',
      'tokenlimit',
      'max tokens exceeded',
    ],
  ],
  [
    'rate_limit',
    [
      'rate limit',
      'ratelimit',
      'too many requests',
      'toomanyrequests',
      'throttl',
      'requests limit',
      'request limit',
      'quota exceeded',
      'quotaexceeded',
      'limit exceeded',
      'limitexceeded',
      'limit reached',
      'limitreached',
      'usage limit',
      'cooldown',
    ],
  ],
  ['overloaded', ['overload', 'capacity', 'busy', 'high demand']],
  [
    'content_policy',
    [
      'content filter',
      'contentfilter',
      'content policy',
      'contentpolicy',
      'moderation',
      'safety',
      'sensitive',
      'censor',
      'inappropriate',
      'guardrail',
      'policy violation',
      'policyviolation',
    ],
  ],
  [
    'model_not_found',
    [
      'model not found',
      'modelnotfound',
      'unknown model',
      'unknownmodel',
      'invalid model',
      'invalidmodel',
      'model not support',
      'unsupported model',
      'unsupportedmodel',
      'no such model',
      'model unavailable',
      'unavailable model',
      'deployment not found',
    ],
  ],
  [
    'auth',
    [
      'invalid api key',
      'invalidapikey',
      'invalid key',
      'invalidkey',
      'unauthorized',
      'unauthenticated',
      'authentication',
      'invalid token',
      'invalidtoken',
      'token expired',
      'tokenexpired',
      'expired token',
      'invalid credential',
      'invalidcredential',
    ],
  ],
  [
    'permission',
    [
      'access denied',
      'accessdenied',
      'permission',
      'forbidden',
      'not allowed',
      'notallowed',
      'suspended',
      'banned',
      'deactivated',
      'disabled',
      'restricted',
      'terminated',
      'not authorized',
      'unpurchased',
      'not open',
      'notopen',
    ],
  ],
  ['timeout', ['timeout', 'timed out', 'time out', 'deadline exceeded']],
  [
    'invalid_request',
    [
      'invalid parameter',
      'invalidparameter',
      'invalid request',
      'invalidrequest',
      'bad request',
      'badrequest',
      'validation',
      'missing parameter',
      'missingparameter',
      'unsupported parameter',
      'invalid argument',
      'invalidargument',
      'unprocessable',
    ],
  ],
  ['server_error', ['internal', 'server error', 'servererror', 'unavailable', 'service error']],
]

/** Of a refused request the name may be a field's; it condemns no more than the request. */
const OF_A_REQUEST: ReadonlySet<FailureReason> = new Set([
  'context_length',
  'content_policy',
  'model_not_found',
  'invalid_request',
])
/** What a failing server may say in a name. */
const OF_A_SERVER: ReadonlySet<FailureReason> = new Set(['overloaded', 'timeout', 'context_length', 'server_error'])

/** The statuses that say less than such a name. A 400 is the request's own, whatever type the server gives it. */
function statusesOf(reason: FailureReason): Pick<Condition, 'status'> {
  return {
    status: [...(OF_A_REQUEST.has(reason) ? [400, 422] : []), ...(OF_A_SERVER.has(reason) ? [500, 502, 503] : [])],
  }
}

/** What a code means that no rule knows, by the words it is made of. Weak evidence, and the last before the status. */
export const nameRules: readonly Rule[] = PARTS.map(([reason, parts]) => ({
  id: `name.${reason}`,
  reason,
  when: { ...statusesOf(reason), anyOf: parts },
  source: 'docs/rules.md#words',
}))
