import type { Confidence, Failure, FailureReason } from './failure.ts'

/** What a failure means unless its rule says otherwise. */
type Meaning = Pick<Failure, 'scope' | 'nextStep' | 'isRetryable'>

/** The policy table of `docs/failures.md`, as data. */
export const MEANING_OF: Readonly<Record<FailureReason, Meaning>> = {
  rate_limit: { scope: 'target', nextStep: 'next_profile', isRetryable: true },
  overloaded: { scope: 'model', nextStep: 'next_model', isRetryable: true },
  billing: { scope: 'profile', nextStep: 'next_profile', isRetryable: false },
  auth: { scope: 'profile', nextStep: 'next_profile', isRetryable: false },
  permission: { scope: 'profile', nextStep: 'next_profile', isRetryable: false },
  model_not_found: { scope: 'target', nextStep: 'next_profile', isRetryable: false },
  // The engine, which knows the other models' windows, may still find a larger one.
  context_length: { scope: 'request', nextStep: 'return', isRetryable: false },
  content_policy: { scope: 'request', nextStep: 'return', isRetryable: false },
  invalid_request: { scope: 'request', nextStep: 'return', isRetryable: false },
  timeout: { scope: 'model', nextStep: 'next_model', isRetryable: true },
  network: { scope: 'provider', nextStep: 'next_provider', isRetryable: true },
  server_error: { scope: 'model', nextStep: 'retry_target', isRetryable: true },
  stream_interrupted: { scope: 'model', nextStep: 'retry_target', isRetryable: true },
  bad_response: { scope: 'model', nextStep: 'retry_target', isRetryable: true },
  canceled: { scope: 'none', nextStep: 'return', isRetryable: false },
  unknown: { scope: 'target', nextStep: 'next_model', isRetryable: true },
}

/** The statuses of a refusal that the request itself may have caused: its text may then stand in the answer. */
export const REQUEST_STATUSES: readonly number[] = [400, 404, 413, 422]

/** Is it one of those? */
export function isRequestRefused(status: number | undefined): boolean {
  return status !== undefined && REQUEST_STATUSES.includes(status)
}

/** What must be true for a rule to speak. All of what is given must hold; codes and phrases are in lower case. */
export interface Condition {
  /**
   * The answer's status. It narrows a rule that has other evidence, and only where the answer has a status that means
   * something: an error inside an HTTP 200 or a bare message has none.
   */
  readonly status?: readonly number[] | { readonly min: number; readonly max: number }
  /** Any of these is a machine-readable field: a code, type, status name or reason. */
  readonly codes?: readonly string[]
  /** None of these is. */
  readonly noneOfCodes?: readonly string[]
  /** The part of the request that is complained of: its model, or any other. */
  readonly param?: 'model' | 'other'
  /** The wording begins with one of these; a class of error or a status may stand before it. */
  readonly begins?: readonly string[]
  /** Any of these stands in the wording. */
  readonly anyOf?: readonly string[]
  /** All of these stand in the wording; of a list of alternatives any one. */
  readonly allOf?: readonly (string | readonly string[])[]
  /** None of these stands in the wording. */
  readonly noneOf?: readonly string[]
  /** The body is an HTML page, so an edge or a proxy speaks, not the API. */
  readonly isHtml?: boolean
  /** The answer says when to come back. */
  readonly statesWait?: boolean
  /** It arrived inside an answer that had begun well. */
  readonly inStream?: boolean
  /** There is neither a code nor a word in it. */
  readonly isSilent?: boolean
}

/** One thing a provider says and what it means. Tables of rules are tried from the first to the last. */
export interface Rule extends Partial<Meaning> {
  /** Stable name, `table.what`; reported as `ruleId`. */
  readonly id: string
  readonly reason: FailureReason
  readonly mayRetryTarget?: boolean
  readonly when: Condition
  /** Where the provider says so: a page, an issue, a standard. */
  readonly source: string
}

/** What a dialect or provider adds, by how much each rule may be trusted against the words beside it. */
export interface RuleTable {
  /** What means this from this sender alone: short numbers, common words. Tried before everything else. */
  readonly own?: readonly Rule[]
  /** Codes and wordings that can mean only one thing. Rules with codes are tried before those with words alone. */
  readonly exact: readonly Rule[]
  /** Types that hold unless the words speak of money. */
  readonly typed: readonly Rule[]
  /** Types such as `invalid_request_error` that hold only where no words say more. */
  readonly broad: readonly Rule[]
}

/** The facts conditions are tested against: one statement of an error with what surrounds it. */
export interface Facts {
  /** Only a status that means an error. */
  readonly status: number | undefined
  readonly codes: readonly string[]
  readonly param: 'model' | 'other' | undefined
  /** The sender's own words, in lower case. */
  readonly text: string
  readonly isHtml: boolean
  /** Whether the answer says when to come back. */
  readonly waits: { readonly isStated: boolean }
  readonly inStream: boolean
}

/** Does it rest on words? */
export function needsWords({ begins, anyOf, allOf }: Condition): boolean {
  return begins !== undefined || anyOf !== undefined || allOf !== undefined
}

/** What a verdict by this rule rests on: the weakest of the evidence it needs. */
export function confidenceOf(when: Condition): Confidence {
  const { codes, status } = when
  if (needsWords(when)) return 'text'
  if (codes !== undefined) return 'structured'
  return status === undefined ? 'text' : 'status'
}

/**
 * Does a verdict by this rule keep other requests from what it condemns? A model's name stands in the middle of its
 * sentence, and one key on one model is little: that counts as no more than the request.
 */
export function condemnsMore(rule: Rule): boolean {
  if (rule.reason === 'model_not_found' || (rule.reason === 'permission' && rule.scope === 'target')) return false
  return (rule.scope ?? MEANING_OF[rule.reason].scope) !== 'request'
}
