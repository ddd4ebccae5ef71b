import { Delivery } from './delivery.ts'
import type { SimulatedTarget } from './target.ts'

/** How an attempt went. Times are milliseconds since the beginning. */
export interface AttemptEntry {
  readonly target: SimulatedTarget
  readonly startedAt: number
  /** Until it was answered in full, refused, or given up. */
  endedAt: number
  outcome: 'running' | 'answered' | 'refused' | 'cut' | 'given_up'
  /** Of the refusal, where it was an HTTP answer. */
  status: number | undefined
  /** It was refused for being asked too often. */
  isRateLimited: boolean
}

/** One request, from the caller's side. Times are milliseconds since the beginning. */
export interface RequestEntry {
  readonly index: number
  readonly startedAt: number
  readonly attempts: AttemptEntry[]
  endedAt: number
  outcome: 'running' | 'answered' | 'failed'
  /** Why it failed, for whoever counts. */
  error: string | undefined
  /** When the caller had what it waits for: the first content of a stream, else the whole answer. */
  servedAt: number | undefined
  /** How far a streamed answer has come. */
  readonly delivery: Delivery
  /** How long that takes at the target which answered where nothing is wrong, milliseconds. */
  ownMs: number
}

/** What went on in one run, entry by entry. */
export class Journal {
  readonly requests: RequestEntry[] = []
  /** Made to find out whether something is back; no request waits for them. */
  readonly probes: AttemptEntry[] = []

  begin(index: number, startedAt: number): RequestEntry {
    const entry: RequestEntry = {
      index,
      startedAt,
      attempts: [],
      endedAt: startedAt,
      outcome: 'running',
      error: undefined,
      servedAt: undefined,
      delivery: new Delivery(),
      ownMs: 0,
    }
    this.requests.push(entry)
    return entry
  }
}
