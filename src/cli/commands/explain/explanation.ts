import {
  type PolicyName,
  policyOf,
  retryDelayMs,
  rungsMs,
  type Settings,
  type WindowKind,
  windowKindOf,
} from '../../../engine/index.ts'
import {
  type ClassifyInput,
  classifyFailure,
  type Failure,
  findRule,
  OWN_SOURCE,
  parseDate,
  readHeaders,
} from '../../../failure/index.ts'
import type { RawAnswer } from './raw-answer.ts'

/** What keeps something out after a failure, and for how long. */
export interface Outage {
  readonly kind: WindowKind
  /** `stated`: the provider said it; `inferred`: our ladder does; `fixed`: the policy does, whatever the provider says. */
  readonly end: 'stated' | 'inferred' | 'fixed'
  /**
   * How long, milliseconds; of an end that is not stated the lengths one after another, while failures follow. Empty where
   * only the end is known.
   */
  readonly lengthsMs: readonly number[]
  /** When a stated end is, epoch milliseconds: so long after the answer was sent, or else after now. */
  readonly endsAt?: number
  /** It takes more than this one failure to open it. */
  readonly needsMore: boolean
}

/** A verdict with all that follows from it. */
export interface Explanation {
  readonly failure: Failure
  /** Where the rule is from. */
  readonly source: string
  readonly policy: PolicyName
  /** When the answer was sent, by its `date`, epoch milliseconds. */
  readonly sentAt?: number
  /** The present, epoch milliseconds. */
  readonly now: number
  /** What is kept out; absent where health is not touched. */
  readonly outage?: Outage
}

/** An answer, and who is known to have sent it when it was read. */
export interface ExplainInput extends Pick<ClassifyInput, 'provider' | 'dialect' | 'status' | 'headers' | 'body'> {
  readonly headers: RawAnswer['headers']
  /** Epoch milliseconds. */
  readonly nowMs: number
}

/** What hotspare makes of an answer. */
export function explain({ nowMs, ...answer }: ExplainInput, settings: Settings): Explanation {
  const { policy } = settings
  const sentAt = sentAtOf(answer.headers)
  const failure = judge(answer, sentAt, nowMs, settings)
  const explanation = {
    failure,
    source: sourceOf(failure, settings),
    policy,
    ...(sentAt !== undefined && { sentAt }),
    now: nowMs,
  }
  const outage =
    policy === 'evidence' ? outageOf(failure, sentAt ?? nowMs, settings) : fixedOutageOf(failure, policy, settings)
  return outage === undefined ? explanation : { ...explanation, outage }
}

/** As it was judged, or would have been, when the answer came: it may be one of last week. */
function judge(answer: ClassifyInput, sentAt: number | undefined, nowMs: number, settings: Settings): Failure {
  if (settings.policy !== 'evidence') {
    // The published designs are asked of failures only; they would take a complete answer for one.
    const plain = classifyFailure(answer)
    if (plain.ruleId === 'answer.sound') return plain
  }
  const { classify } = policyOf(settings, inTheMiddle)
  if (sentAt === undefined) {
    // Of an answer whose age nobody knows, an end that is over by now lay ahead when it came.
    const timeless = classify(answer)
    if (timeless.retryAfterMs === undefined && timeless.resetAt !== undefined && timeless.resetAt <= nowMs)
      return timeless
  }
  return classify({ ...answer, nowMs: sentAt ?? nowMs })
}

/** Lengths without what is added or taken away by chance. */
function inTheMiddle(): number {
  return 0.5
}

function sentAtOf(headers: RawAnswer['headers']): number | undefined {
  return parseDate(readHeaders(headers).get('date') ?? '')
}

function sourceOf({ ruleId }: Failure, { rules, policy }: Settings): string {
  const own = rules.find(({ id }) => id === ruleId)
  if (own !== undefined) return own.source ?? OWN_SOURCE
  return findRule(ruleId)?.source ?? `policy ${policy}: docs/published-designs.md`
}

function outageOf(failure: Failure, fromMs: number, { cooldown }: Settings): Outage | undefined {
  const kind = failure.scope === 'request' || failure.scope === 'none' ? undefined : windowKindOf(failure)
  if (kind === undefined) return undefined
  const { retryAfterMs, resetAt } = failure
  if (retryAfterMs !== undefined) {
    const lengthMs = Math.min(retryAfterMs, cooldown.maxHintMs)
    return { kind, end: 'stated', lengthsMs: [lengthMs], endsAt: fromMs + lengthMs, needsMore: false }
  }
  if (resetAt !== undefined) return { kind, end: 'stated', lengthsMs: [], endsAt: resetAt, needsMore: false }
  const needsMore = kind === 'breaker' || kind === 'error'
  return { kind, end: 'inferred', lengthsMs: rungsMs(kind, cooldown[kind]), needsMore }
}

/** More failures in a row than change anything. */
const MAX_FAILURES = 40

/** What the published designs do, as docs/published-designs.md tells it: the whole profile cools down. */
function fixedOutageOf(
  { reason, nextStep, scope }: Failure,
  policy: Exclude<PolicyName, 'evidence'>,
  { cooldown, retry }: Settings,
): Outage | undefined {
  if (scope === 'none') return undefined
  switch (policy) {
    case 'praisonai': {
      const { minMs } = reason === 'rate_limit' ? cooldown.rateLimit : cooldown.error
      return { kind: 'error', end: 'fixed', lengthsMs: [minMs], needsMore: false }
    }
    case 'rsclaw': {
      if (nextStep !== 'next_profile') return undefined
      const { minMs, maxMs } = cooldown.rateLimit
      const lengthsMs = Array.from({ length: MAX_FAILURES }, (_, failures) =>
        Math.min(maxMs, Math.max(minMs, retryDelayMs(failures, retry, inTheMiddle))),
      )
      return { kind: 'rateLimit', end: 'fixed', lengthsMs: [...new Set(lengthsMs)], needsMore: false }
    }
  }
}
