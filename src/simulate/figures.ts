import type { AttemptEntry, Journal, RequestEntry } from './journal.ts'

/** What a run came to. */
export interface Figures {
  readonly requests: number
  readonly answered: number
  /** Share of the requests that were answered, 0 to 1; null where there were none. */
  readonly availability: number | null
  readonly attempts: number
  readonly attemptsPerRequest: number
  /** Refusals with status 429 for asking too often; an empty account, which some call 429 as well, is none. */
  readonly rateLimited: number
  /** How much later answers came than they would have where nothing is wrong, milliseconds. */
  readonly addedMs: { readonly p50: number; readonly p95: number; readonly p99: number; readonly max: number }
  /** Streamed answers that broke off after they had begun, and how many of them came to their end all the same. */
  readonly interrupted: number
  readonly recovered: number
  /** Time that went into anything but the answer, over all requests, milliseconds. */
  readonly wastedMs: number
  /** Requests that got no answer, by what they were told. */
  readonly failures: Readonly<Record<string, number>>
}

export function figuresOf({ requests, probes }: Journal): Figures {
  const answered = requests.filter(isAnswered)
  const attempts = [...requests.flatMap((request) => request.attempts), ...probes]
  const added = answered.map(addedMs).sort((a, b) => a - b)
  const failures: Record<string, number> = {}
  for (const { outcome, error = 'no answer' } of requests)
    if (outcome === 'failed') failures[error] = (failures[error] ?? 0) + 1
  return {
    requests: requests.length,
    answered: answered.length,
    availability: requests.length === 0 ? null : answered.length / requests.length,
    attempts: attempts.length,
    attemptsPerRequest: requests.length === 0 ? 0 : attempts.length / requests.length,
    rateLimited: attempts.filter(({ isRateLimited }) => isRateLimited).length,
    addedMs: { p50: at(added, 0.5), p95: at(added, 0.95), p99: at(added, 0.99), max: added.at(-1) ?? 0 },
    interrupted: requests.filter(isInterrupted).length,
    recovered: answered.filter(isInterrupted).length,
    wastedMs: requests.reduce((sum, request) => sum + wastedMs(request), 0),
    failures,
  }
}

export function isAnswered({ outcome }: RequestEntry): boolean {
  return outcome === 'answered'
}

function isInterrupted({ delivery }: RequestEntry): boolean {
  return delivery.breaks > 0
}

function addedMs({ startedAt, servedAt = startedAt, ownMs }: RequestEntry): number {
  // Sums of fractions miss 0 by less than a nanosecond.
  return Math.max(0, servedAt - startedAt - ownMs)
}

/** What was begun, waited for and thrown away; of a request without an answer all of it. */
function wastedMs(request: RequestEntry): number {
  return isAnswered(request) ? addedMs(request) + request.delivery.waitedMs : request.endedAt - request.startedAt
}

function at(sorted: readonly number[], ratio: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * ratio))] ?? 0
}

/** The first attempt from this time on that one of these targets answered; undefined where there was none. */
export function firstAnswerFrom(
  { requests }: Journal,
  targets: ReadonlySet<string>,
  fromMs: number,
): AttemptEntry | undefined {
  let first: AttemptEntry | undefined
  for (const { attempts } of requests) {
    for (const attempt of attempts) {
      const { startedAt, outcome, target } = attempt
      if (startedAt < fromMs || outcome !== 'answered' || !targets.has(target.name)) continue
      if (first === undefined || startedAt < first.startedAt) first = attempt
    }
  }
  return first
}
