import { type Answer, type PlannedAnswer, planAnswer, prefillOf } from './answer.ts'
import { anthropic } from './anthropic.ts'
import type { Dialect } from './dialect.ts'
import type { ErrorKind, Fault } from './fault.ts'
import { checkAnswer } from './fault-checks.ts'
import { openai } from './openai.ts'
import type { Settings } from './options.ts'
import type { RateLimit } from './rate-limit.ts'
import { buildReply, isFailure, type Reply } from './reply.ts'
import { type FaultRequest, isRecord } from './request.ts'
import { chooseEntry, type RuleEntry } from './rules.ts'

export interface DecisionInput {
  readonly settings: Settings
  readonly request: FaultRequest
  readonly entries: readonly RuleEntry[]
  readonly limits: readonly RateLimit[]
  /** Distinguishes the ids of this answer. */
  readonly serial: string
  readonly nowMs: number
}

export interface Decision {
  readonly reply: Reply
  /** The fault that struck, if one did. */
  readonly fault?: Fault
}

const DIALECTS = { openai, anthropic } as const

/**
 * What happens to a request: a fault that is an error first; then, as a provider would, key, address, limits, body and
 * model; then the answer, with what the fault does to it.
 */
export function decide(input: DecisionInput): Decision {
  const { request, settings, nowMs } = input
  const dialect: Dialect = DIALECTS[request.dialect]
  const entry = chooseEntry(input.entries, request, nowMs)
  const fault = entry?.fault
  const strike = (): Pick<Decision, 'fault'> => {
    if (entry !== undefined) entry.taken += 1
    return fault === undefined ? {} : { fault }
  }
  const respond = (
    actual: Fault,
    headers: Record<string, string> = {},
    answer: () => PlannedAnswer = noAnswer,
  ): Reply =>
    buildReply({
      request,
      dialect,
      fault: { ...pace(settings), ...actual },
      serial: input.serial,
      headers: { ...dialect.headers(input.serial), ...headers },
      answer,
    })
  if (fault !== undefined && isFailure(fault)) return { reply: respond(fault), ...strike() }

  const refuse = (kind: ErrorKind, message?: string, headers: Record<string, string> = {}): Decision => {
    const details = { model: request.model ?? '', serial: input.serial, ...(message === undefined ? {} : { message }) }
    return { reply: respond(dialect.error(kind, details), headers) }
  }
  if (settings.requireKey !== undefined && !settings.requireKey.includes(request.key ?? ''))
    return refuse('invalid_key')
  if (request.endpoint === 'unknown')
    return refuse('model_not_found', `Unknown request URL: ${request.method} ${request.path}.`)
  if (request.endpoint === 'models') {
    const names = settings.knownModels ?? Object.keys(settings.models)
    const { errorAfterTokens: _, ...kept } = fault ?? {}
    return { reply: respond({ ...kept, body: dialect.modelList(names, Math.floor(nowMs / 1000)) }), ...strike() }
  }

  const problem = isRecord(request.body) ? dialect.problemOf(request.body) : ''
  if (problem !== undefined) return refuse('invalid_request', problem === '' ? undefined : problem)
  if (settings.knownModels !== undefined && !settings.knownModels.includes(request.model ?? ''))
    return refuse('model_not_found')

  const headers: Record<string, string> = {}
  for (const limit of input.limits.filter((each) => each.appliesTo(request))) {
    const verdict = limit.take(request, nowMs)
    if (limit.options.headers ?? true) Object.assign(headers, dialect.limitHeaders(verdict.state))
    if (!verdict.isAllowed) return refuse('rate_limited', undefined, { ...headers, ...limit.retryHeaders(verdict) })
  }

  const prefillMode = fault?.prefill ?? settings.prefill
  const prefill = prefillOf(request.body)
  if (prefill !== undefined) {
    if (prefillMode === 'reject') return { ...refuse('prefill_unsupported'), ...strike() }
    const wrong = prefillMode === 'continue' ? dialect.prefillProblem(prefill) : undefined
    if (wrong !== undefined) return refuse('invalid_request', wrong)
  }
  const plan = (): PlannedAnswer =>
    planAnswer({
      request,
      answer: saidTo(request, fault?.answer ?? settings.answer),
      prefill: prefillMode,
      splitTokens: settings.splitTokens,
      omitUsage: fault?.omitUsage ?? false,
      serial: input.serial,
      nowMs,
    })
  return { reply: respond(fault ?? {}, headers, plan), ...strike() }
}

function saidTo(request: FaultRequest, answer: Settings['answer']): string | Answer {
  if (typeof answer !== 'function') return answer
  const said = answer(request)
  checkAnswer('answer(request)', said)
  return said
}

const noAnswer = (): never => {
  throw new Error('an error has no answer')
}

const pace = ({ delayHeadersMs, firstTokenDelayMs, tokenDelayMs }: Settings): Fault => ({
  delayHeadersMs,
  firstTokenDelayMs,
  tokenDelayMs,
})
