import {
  type FailurePolicy,
  type PolicyName,
  policyOf,
  rungsMs,
  type Settings,
  type WindowKind,
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
  const judging = policyOf(settings, inTheMiddle)
  const failure = judge(answer, { sentAt, nowMs, policy, judging })
  const explanation = {
    failure,
    source: sourceOf(failure, settings),
    policy,
    ...(sentAt !== undefined && { sentAt }),
    now: nowMs,
  }
  const outage = outageOf(failure, sentAt ?? nowMs, judging, settings)
  return outage === undefined ? explanation : { ...explanation, outage }
}

/** When an answer came, and by whose rules it is judged. */
interface Occasion {
  readonly sentAt: number | undefined
  readonly nowMs: number
  readonly policy: PolicyName
  readonly judging: FailurePolicy
}

/** As it was judged, or would have been, when the answer came: it may be one of last week. */
function judge(answer: ClassifyInput, { sentAt, nowMs, policy, judging }: Occasion): Failure {
  if (policy !== 'evidence') {
    // The published designs are asked of failures only; they would take a complete answer for one.
    const plain = classifyFailure(answer)
    if (plain.ruleId === 'answer.sound') return plain
  }
  if (sentAt === undefined) {
    // Of an answer whose age nobody knows, an end that is over by now lay ahead when it came.
    const timeless = judging.classify(answer)
    if (timeless.retryAfterMs === undefined && timeless.resetAt !== undefined && timeless.resetAt <= nowMs)
      return timeless
  }
  return judging.classify({ ...answer, nowMs: sentAt ?? nowMs })
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

/** More failures in a row than change anything. */
const MAX_FAILURES = 40

/** What the policy keeps out after this failure, and for how long. */
function outageOf(
  failure: Failure,
  fromMs: number,
  judging: FailurePolicy,
  { cooldown }: Settings,
): Outage | undefined {
  const window = judging.windowOf(failure, 0, fromMs)
  if (window === undefined) return undefined
  const { kind, stayAway } = window
  switch (stayAway.end) {
    case 'learnt':
    case 'stated': {
      const { until } = stayAway
      return { kind, end: 'stated', lengthsMs: [until - fromMs], endsAt: until, needsMore: false }
    }
    case 'fixed':
      return { kind, end: 'fixed', lengthsMs: fixedLengths(failure, judging), needsMore: false }
    case 'inferred': {
      const { resetAt } = failure
      if (resetAt !== undefined) return { kind, end: 'stated', lengthsMs: [], endsAt: resetAt, needsMore: false }
      const needsMore = kind === 'breaker' || kind === 'error'
      return { kind, end: 'inferred', lengthsMs: rungsMs(kind, cooldown[kind]), needsMore }
    }
  }
}

/** The lengths of windows whose end nothing changes, failure after failure, each once. */
function fixedLengths(failure: Failure, judging: FailurePolicy): readonly number[] {
  const lengths = new Set<number>()
  for (let failures = 0; failures < MAX_FAILURES; failures += 1) {
    const stayAway = judging.windowOf(failure, failures, 0)?.stayAway
    if (stayAway?.end === 'fixed') lengths.add(stayAway.until)
  }
  return [...lengths]
}
