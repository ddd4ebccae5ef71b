import { MINUTE_MS } from './estimate.ts'
import type { Hold } from './hold.ts'
import { Lesson } from './lesson.ts'
import { RecentStarts } from './recent-starts.ts'

/** What has not held anything back for this long is forgotten: whoever is back from an outage is as good as new. */
const FORGOTTEN_AFTER_MS = 300_000
/** Over a longer time a limit says nothing about the pace: a day's requests may be used in an hour. */
const LONGEST_WINDOW_MS = 120_000
/** Told to stay away for longer than this: until a window ends, rather than until a bucket has dripped. */
const LONG_HINT_MS = 3_000

/** A limit of requests, as a provider's headers put it. */
export interface StatedLimit {
  readonly limit: number
  readonly windowMs: number
}

/**
 * The limit of requests that a provider keeps for one key on one model and that nobody has told us: learnt from its
 * refusals and kept from then on, so that it need not refuse again. Until the first refusal it holds nothing back and
 * costs next to nothing. `Lesson` explains how it is learnt. All times are epoch milliseconds.
 */
export class LearntLimit {
  readonly #recent = new RecentStarts()
  #lesson: Lesson | undefined
  /** Requests per millisecond. */
  #stated: number | undefined

  /** An attempt begins. */
  began(now: number): void {
    this.#recent.add(now)
    if (this.#lesson !== undefined) this.#lessonAt(now)?.began(now)
  }

  /** One that began never reached the provider. */
  withdrew(startedAt: number, now: number): void {
    this.#recent.remove(startedAt, now)
    this.#lessonAt(now)?.withdrew(startedAt)
  }

  /**
   * One was refused for its rate.
   * @param until the end of the window as the provider stated it; absent where it said nothing
   */
  refused(startedAt: number, now: number, until?: number): void {
    this.#recent.remove(startedAt, now)
    const inLastMinute = this.#recent.since(now - MINUTE_MS, now)
    const isWindow = until !== undefined && until - now > LONG_HINT_MS && until - now < MINUTE_MS
    const inWindow = isWindow ? this.#recent.since(until - MINUTE_MS, now) : undefined
    const refusal = { startedAt, now, until, inLastMinute, inWindow }
    const lesson = this.#lessonAt(now)
    if (lesson !== undefined) lesson.refused(refusal)
    else this.#lesson = new Lesson(refusal, this.#recent.spanAMinute(now), this.#stated)
  }

  /** Headers named the limit. That alone holds nothing back; once something is refused, no more than that is tried. */
  told({ limit, windowMs }: StatedLimit): void {
    if (!(limit >= 1 && windowMs > 0 && windowMs <= LONGEST_WINDOW_MS)) return
    const stated = limit / windowMs
    if (stated === this.#stated) return
    this.#stated = stated
    this.#lesson?.told(stated)
  }

  /** What holds the next request back; undefined if nothing does. */
  heldBy(now: number): Hold | undefined {
    if (this.#lesson === undefined) return undefined
    const until = this.nextAt(now)
    return until > now ? { limit: 'learnt', until } : undefined
  }

  /** When the next request is expected to be let through: `now` if at once. */
  nextAt(now: number): number {
    const lesson = this.#lessonAt(now)
    return lesson?.paces ? lesson.nextAt(now) : now
  }

  /** The latest refusal is this limit's doing, as far as can be said; if not, the ladder of inferred windows goes on. */
  explains(now: number): boolean {
    return this.#lessonAt(now)?.explains(now) ?? false
  }

  /** Nothing is known that would change a decision. */
  isIdle(now: number): boolean {
    return this.#lessonAt(now) === undefined
  }

  #lessonAt(now: number): Lesson | undefined {
    if (this.#lesson !== undefined && now - this.#lesson.matteredAt > FORGOTTEN_AFTER_MS) this.#lesson = undefined
    return this.#lesson
  }
}
