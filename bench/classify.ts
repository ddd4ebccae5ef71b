import { APICallError } from '@ai-sdk/provider'
import { DEFAULTS } from '../src/engine/options.ts'
import { rsclawPolicy } from '../src/engine/policy/rsclaw.ts'
import { type ClassifyInput, classifyFailure, type FailureReason, type NextStep } from '../src/index.ts'
import {
  isHintRight,
  isReasonRight,
  isStepAllowed,
  type LabelledAnswer,
  labelledAnswers,
} from '../test/support/labelled-answers.ts'
import { compare, table } from './measure.ts'

/** What a way of judging says of an answer; a reason or a hint only where it knows such a thing. */
interface Verdict {
  readonly reason?: FailureReason | undefined
  readonly nextStep: NextStep
  readonly retryAfterMs?: number | undefined
}

interface Judge {
  readonly name: string
  readonly judge: (answer: LabelledAnswer) => Verdict
  /** It has reasons and reads hints. */
  readonly knows: { readonly reasons: boolean; readonly hints: boolean }
}

const JUDGES: readonly Judge[] = [
  { name: 'hotspare', judge: (answer) => classifyFailure(inputOf(answer)), knows: { reasons: true, hints: true } },
  { name: 'bare status codes', judge: byStatus, knows: { reasons: true, hints: true } },
  { name: "rsclaw's substrings", judge: bySubstrings(), knows: { reasons: true, hints: false } },
  { name: "AI SDK's isRetryable", judge: byAiSdk, knows: { reasons: false, hints: false } },
]

/** How right each way of judging is, on the same labelled answers. */
export function accuracyTable(): string {
  const certain = labelledAnswers.filter(({ uncertain }) => uncertain !== true)
  const rows = JUDGES.map(({ name, judge, knows }) => {
    const share = (
      answers: readonly LabelledAnswer[],
      isRight: (answer: LabelledAnswer, verdict: Verdict) => boolean,
    ): string =>
      `${((answers.filter((answer) => isRight(answer, judge(answer))).length / answers.length) * 100).toFixed(1)} %`
    const reason = (answers: readonly LabelledAnswer[]): string =>
      knows.reasons ? share(answers, (answer, verdict) => isReasonRight(answer, verdict.reason)) : '–'
    const hinted = labelledAnswers.filter(({ expected }) => expected.retry_after_ms !== null)
    return [
      name,
      reason(certain),
      reason(labelledAnswers),
      share(labelledAnswers, (answer, { nextStep }) => isStepAllowed(answer, nextStep)),
      knows.hints ? share(hinted, (answer, { retryAfterMs }) => isHintRight(answer, retryAfterMs)) : '–',
    ]
  })
  const head = [
    `${labelledAnswers.length} labelled answers`,
    `reason (${certain.length} certain)`,
    'reason (all)',
    'next step',
    'hint',
  ]
  return [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n')
}

/** How often the verdict is right, and what it costs. */
export async function benchClassify(): Promise<void> {
  process.stdout.write(`\nLabelled answers judged rightly\n${accuracyTable()}\n`)
  const inputs = labelledAnswers.map((answer) => ({ ...inputOf(answer), body: textOf(answer.body) }))
  let next = 0
  const rows = await compare(
    [
      { name: 'JSON.parse of 1 KB', run: async () => JSON.parse(LIMITED.body) },
      { name: 'a refusal of 1 KB: headers 0.7 KB, body 0.3 KB', run: async () => classifyFailure(LIMITED) },
      { name: 'a body of 1 KB with details', run: async () => classifyFailure(DETAILED) },
      { name: 'a body of 1 KB that is one long message', run: async () => classifyFailure(WORDY) },
      { name: 'a refused key, 0.2 KB', run: async () => classifyFailure(REFUSED_KEY) },
      { name: 'the labelled answers in turn', run: async () => classifyFailure(inputs[next++ % inputs.length] ?? {}) },
    ],
    { rounds: 15, runs: 5_000 },
  )
  process.stdout.write(table('One classification', rows))
}

function inputOf({ provider, status, headers, body, in_stream: inStream }: LabelledAnswer): ClassifyInput {
  return { provider, status: status ?? undefined, headers, body, inStream }
}

function textOf(body: unknown): string {
  return typeof body === 'string' ? body : JSON.stringify(body)
}

/** What most programs do: the status, and `retry-after` in seconds. */
function byStatus({ status, headers }: LabelledAnswer): Verdict {
  const seconds = Number(headers['retry-after'])
  return { ...meaningOf(status), retryAfterMs: seconds > 0 ? seconds * 1_000 : undefined }
}

function meaningOf(status: number | null): Verdict {
  switch (status) {
    case null:
      return { reason: 'unknown', nextStep: 'next_model' }
    case 401:
      return { reason: 'auth', nextStep: 'next_profile' }
    case 402:
      return { reason: 'billing', nextStep: 'next_profile' }
    case 403:
      return { reason: 'permission', nextStep: 'next_profile' }
    case 404:
      return { reason: 'model_not_found', nextStep: 'next_model' }
    case 408:
    case 504:
      return { reason: 'timeout', nextStep: 'next_model' }
    case 413:
      return { reason: 'context_length', nextStep: 'return' }
    case 429:
      return { reason: 'rate_limit', nextStep: 'next_profile' }
    case 503:
    case 529:
      return { reason: 'overloaded', nextStep: 'next_model' }
    default:
      return status >= 500
        ? { reason: 'server_error', nextStep: 'retry_target' }
        : { reason: status >= 400 ? 'invalid_request' : 'unknown', nextStep: 'return' }
  }
}

/** The rules of the published design, as `policy: 'rsclaw'` has them; it names two reasons and gives up on all others. */
function bySubstrings(): Judge['judge'] {
  const policy = rsclawPolicy({
    backoffMs: () => 0,
    minCooldownMs: 0,
    maxCooldownMs: DEFAULTS.cooldown.rateLimit.maxMs,
  })
  return (answer) => {
    const { reason, nextStep, ruleId } = policy.classify(inputOf(answer))
    return ruleId === 'rsclaw.not_retryable' ? { nextStep: 'return' } : { reason, nextStep }
  }
}

/** It tells one thing: whether the same call is worth trying again. */
function byAiSdk({ status, headers, body }: LabelledAnswer): Verdict {
  const { isRetryable } = new APICallError({
    message: 'refused',
    url: 'https://api.example.com',
    requestBodyValues: {},
    ...(status !== null && { statusCode: status }),
    responseHeaders: { ...headers },
    responseBody: textOf(body),
  })
  return { nextStep: isRetryable ? 'retry_target' : 'return' }
}

const HEADERS = {
  date: 'Wed, 21 Oct 2026 07:28:00 GMT',
  'content-type': 'application/json; charset=utf-8',
  'content-length': '337',
  'retry-after': '20',
  'retry-after-ms': '19500',
  vary: 'Origin',
  'x-ratelimit-limit-requests': '500',
  'x-ratelimit-limit-tokens': '30000',
  'x-ratelimit-remaining-requests': '499',
  'x-ratelimit-remaining-tokens': '0',
  'x-ratelimit-reset-requests': '120ms',
  'x-ratelimit-reset-tokens': '19.5s',
  'x-request-id': 'req_0123456789abcdef0123456789abcdef',
  'strict-transport-security': 'max-age=31536000; includeSubDomains; preload',
  'cf-cache-status': 'DYNAMIC',
  'x-content-type-options': 'nosniff',
  server: 'cloudflare',
  'cf-ray': '0123456789abcdef-FRA',
  'alt-svc': 'h3=":443"; ma=86400',
}

/** OpenAI's limit with the headers it comes with. */
const LIMITED = {
  provider: 'openai',
  status: 429,
  headers: HEADERS,
  body: JSON.stringify({
    error: {
      message:
        'Rate limit reached for gpt-4o in organization org-EXAMPLE on tokens per min (TPM): Limit 30000, Used 29937, Requested 385. Please try again in 644ms. Visit https://platform.openai.com/account/rate-limits to learn more.',
      type: 'tokens',
      param: null,
      code: 'rate_limit_exceeded',
    },
  }),
}

/** Google's limit with its details. */
const DETAILED = {
  provider: 'gemini',
  status: 429,
  body: textOf(labelledAnswers.find(({ id }) => id === 'gemini-429-paid-input-tpm-47s')?.body),
}

/** A message that fills its kilobyte. */
const WORDY = {
  provider: 'openai',
  status: 400,
  headers: HEADERS,
  body: JSON.stringify({
    error: {
      message:
        "Invalid schema for function 'get_weather': In context=('properties', 'city'), 'description' is not permitted. ".repeat(
          8,
        ),
      type: 'invalid_request_error',
      param: 'tools[0].function.parameters',
      code: 'invalid_function_parameters',
    },
  }),
}

const REFUSED_KEY = {
  provider: 'anthropic',
  status: 401,
  body: '{"type":"error","error":{"type":"authentication_error","message":"invalid x-api-key"},"request_id":"req_011CSHoEeqs5C35K2UUqR7Fy"}',
}
