import {
  atMost,
  FLOOR,
  firstEstimate,
  isBlind,
  MINUTE_MS,
  nextEstimate,
  SHALLOW_COUNT,
  TELLING_COUNT,
  withOneLess,
} from './estimate.ts'
import { type Growth, grown } from './growth.ts'
import { Pace } from './pace.ts'

/** A request was refused for its rate. Times are epoch milliseconds. */
export interface Refusal {
  readonly startedAt: number
  readonly now: number
  /** The end the provider stated. */
  readonly until: number | undefined
  /** Other requests that began in the last minute. */
  readonly inLastMinute: number
  /** And in the minute that ends when the provider stated, where that sounds like the end of a window. */
  readonly inWindow: number | undefined
}

/** Where little is known, each start makes the next ones faster by this: the rate doubles each second. */
const SPEED_UP = 0.7 / 1_000
/**
 * After a refusal that says little (a few requests, and then the provider named a time) not everybody who waited comes at
 * once, but a key that may be used again is not strangled either: ten, then ten a second, and twice as many each second.
 */
const UNSURE_RATE = 10 / 1_000
const UNSURE_BURST = 10
/** How long to stay away after a refusal without a hint; longer with each one that follows it. */
const PAUSE_MS = 1_000
const PAUSE_GROWTH = 3
const LONGEST_PAUSE_MS = 20_000
/** Out for longer than this: a window that ended, not a bucket that dripped. */
const LONG_OUT_MS = 10_000
/** Windows are a minute at most: what refuses for longer is something else. */
const OUT_OF_REACH_MS = 75_000
/** What an idle key may catch up on at once: what it is allowed in this time. */
const BURST_MS = 15_000
/** So much of a limit is taken for all of it. */
const NEARLY = 0.95
/** After a pause one request goes first, for as long as a refusal took to come back, and half as long again. */
const SCOUT_RATIO = 1.5
const LONGEST_SCOUT_MS = 1_000

/**
 * What refusals have taught of a limit: additive increase (`growth.ts`), multiplicative decrease (`estimate.ts`). Providers
 * keep buckets that drip, or windows that end. To conform to both, starts are spread evenly (`pace.ts`), but for a burst
 * that an idle key may have until one is refused.
 *
 * - **First refusal.** What the last minute let through is the estimate. Where that was little, or only the first seconds
 *   of a rush, it begins there (at one a second at least) and doubles each second until the next refusal: no flood, and
 *   nobody strangled for minutes.
 * - **Each further one** tells what was let through since the one before, and at which rate it became too much. The closer
 *   these two, the more certain the estimate, and the slower it grows again.
 * - **Nothing let through between two**: away for longer each time. A bucket at our rate would have dripped by now, and a
 *   window holds no more than the last minute let through, so the estimate comes down to the larger of these.
 */
export class Lesson {
  /** When it last held something back, or was refused. */
  matteredAt = 0
  readonly #pace: Pace
  readonly #wasRush: boolean
  #growth: Growth = { from: FLOOR, ceiling: FLOOR, certainty: 1 }
  #stated: number | undefined
  #isDoubling = false
  #isShallow = false
  #isTelling = false
  /** The provider said how long to stay away. */
  #isStated = false
  #mayBurst = false
  /** No second refusal yet. */
  #isFirst = true
  /** How many requests the estimate is made from. */
  #counted = 0
  #outSince: number
  #refusedAt = 0
  #opensAt = 0
  #resumedAt = 0
  /** Since it was resumed: those that began, and what was allowed in vain, in requests. */
  #starts = 0
  #unused = 0
  #pauseMs = PAUSE_MS
  #scoutMs: number
  /** When the next may start, if it has been worked out since the last change. */
  #next: number | undefined

  /**
   * @param spanAMinute what began in the last minute began all through it
   * @param stated the limit that headers named, requests per millisecond
   */
  constructor(refusal: Refusal, spanAMinute: boolean, stated: number | undefined) {
    const { startedAt, now, until, inLastMinute, inWindow } = refusal
    this.#stated = stated
    this.#wasRush = !spanAMinute
    // In a rush that went through two windows, only the second of them was full.
    this.#judgeFirst(spanAMinute ? inLastMinute : (inWindow ?? inLastMinute))
    this.#outSince = now
    this.#scoutMs = now - startedAt
    this.#pace = new Pace(now)
    this.#stayAway(now, until)
  }

  began(now: number): void {
    this.#next = undefined
    if (this.#starts === 0) this.#resume(now)
    const { unused, isPrompt } = this.#pace.take(now, this.#rateAt(now), this.#burstAt(now))
    this.#starts += 1
    this.#unused += unused
    if (!isPrompt) return
    this.matteredAt = Math.max(this.matteredAt, now)
    if (this.#isDoubling) this.#growth = { ...this.#growth, from: this.#growth.from + SPEED_UP }
  }

  withdrew(startedAt: number): void {
    if (this.#starts === 0 || startedAt <= this.#refusedAt) return
    this.#next = undefined
    this.#starts -= 1
    this.#pace.giveBack()
  }

  refused(refusal: Refusal): void {
    const { startedAt, now, until } = refusal
    this.#next = undefined
    if (startedAt <= this.#refusedAt) {
      this.#correct(until)
      return
    }
    this.#starts -= 1
    this.#scoutMs = now - startedAt
    if (this.#starts > 0) this.#judge(refusal)
    else this.#comeDown(refusal)
    this.#stayAway(now, until)
  }

  /** Headers named the limit, requests per millisecond: no more is tried. */
  told(stated: number): void {
    this.#next = undefined
    this.#stated = stated
  }

  nextAt(now: number): number {
    // It stays what it is until something begins or ends, but for what little the rate grows meanwhile.
    this.#next ??= this.#pace.nextAt(now, this.#rateAt(now), this.#burstAt(now))
    return Math.max(now, this.#next)
  }

  /** Does it hold back at all? After a chance refusal without a hint a trial and a ramp lead back, and nothing more is known. */
  get paces(): boolean {
    return this.#isTelling || this.#isStated
  }

  /** It was no chance refusal, and it does not last too long for this kind of limit. */
  explains(now: number): boolean {
    return this.#isTelling && now - this.#outSince <= OUT_OF_REACH_MS
  }

  #rateAt(now: number): number {
    const isGrowing = this.#starts > 0 && !this.#isDoubling
    const learnt = isGrowing ? grown(this.#growth, now - this.#resumedAt) : this.#growth.from
    const rate = this.#isTelling ? learnt : Math.max(learnt, UNSURE_RATE)
    return this.#stated === undefined ? rate : Math.min(rate, this.#stated)
  }

  #burstAt(now: number): number {
    if (!this.#isTelling) return UNSURE_BURST
    return this.#mayBurst ? this.#rateAt(now) * BURST_MS : 1
  }

  #resume(now: number): void {
    this.#resumedAt = now
    this.#pace.pauseUntil(now + Math.min(LONGEST_SCOUT_MS, Math.ceil(SCOUT_RATIO * this.#scoutMs)))
    // A window was full: what was counted is what it holds, however fast it came.
    if (this.#isFirst && this.#wasWindow() && this.#counted >= TELLING_COUNT) this.#isDoubling = false
  }

  #wasWindow(): boolean {
    return this.#resumedAt - this.#outSince > LONG_OUT_MS
  }

  #judgeFirst(count: number): void {
    this.#counted = count
    this.#isTelling = count >= Math.min(TELLING_COUNT, NEARLY * MINUTE_MS * (this.#stated ?? 1))
    this.#isShallow = count < SHALLOW_COUNT
    this.#isDoubling = this.#wasRush || count / MINUTE_MS < NEARLY * FLOOR
    this.#mayBurst = !this.#isDoubling
    this.#growth = firstEstimate(count, this.#isDoubling)
  }

  #judge({ now, inWindow }: Refusal): void {
    const wasWindow = this.#wasWindow()
    if (wasWindow) this.#isShallow = false
    const used = { starts: this.#starts, unused: this.#unused }
    const rate = this.#rateAt(now)
    // Beyond its ceiling a rate grows by itself; if it was not used, nothing was tried there.
    const tried = isBlind(used) && !this.#isDoubling ? Math.min(rate, this.#growth.ceiling) : rate
    const cycle = {
      ...used,
      spanMs: Math.min(now - this.#outSince, Math.max(now - this.#resumedAt, MINUTE_MS)),
      tried,
      wasWindow,
      isShallow: this.#isShallow,
      wasDoubling: this.#isDoubling,
      mayBurst: this.#mayBurst,
      inWindow,
    }
    this.#growth = nextEstimate(cycle)
    if (!wasWindow && isBlind(used)) this.#mayBurst = false
    this.#counted = this.#starts
    this.#isFirst = false
    this.#isTelling = true
    this.#isDoubling = false
    this.#pauseMs = PAUSE_MS
    this.#outSince = now
  }

  #comeDown({ now, inLastMinute }: Refusal): void {
    this.#growth = atMost(this.#growth, Math.max(inLastMinute / MINUTE_MS, 1 / (now - this.#outSince)))
    this.#pauseMs = Math.min(LONGEST_PAUSE_MS, PAUSE_GROWTH * this.#pauseMs)
  }

  /** One that was under way when the refusal came that the estimate is made from: it was counted as let through. */
  #correct(until: number | undefined): void {
    if (this.#starts === 0 && this.#counted > 1) {
      if (this.#isFirst) this.#judgeFirst(this.#counted - 1)
      else this.#growth = withOneLess(this.#growth, this.#counted--)
    }
    if (until !== undefined && until > this.#opensAt) this.#close(until)
  }

  #stayAway(now: number, until: number | undefined): void {
    this.#isStated = until !== undefined
    this.#refusedAt = now
    this.#starts = 0
    this.#unused = 0
    // Whoever is refused again after the stated end does not go by it alone.
    const isRepeated = this.#pauseMs > PAUSE_MS
    if (until === undefined) this.#close(now + Math.max(this.#pauseMs, Math.ceil(1 / this.#rateAt(now))))
    else this.#close(isRepeated ? Math.max(until, now + this.#pauseMs) : until)
  }

  #close(opensAt: number): void {
    this.#opensAt = opensAt
    this.matteredAt = opensAt
    this.#pace.close(opensAt)
  }
}
