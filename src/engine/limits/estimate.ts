import type { Growth } from './growth.ts'

export const MINUTE_MS = 60_000
/** Fewer than these before a first refusal: it may have had other reasons; or the bucket holds hardly any. */
export const TELLING_COUNT = 10
export const SHALLOW_COUNT = 5
/** With less evidence than this, learning begins at one request a second. Requests per millisecond, as all rates here. */
export const FLOOR = 60 / MINUTE_MS

/** Lower ones are not paced: what refuses for longer than a minute is none of ours. */
const LEAST = 1 / MINUTE_MS

/**
 * Multiplicative decrease (Chiu and Jain, 1989). From a limit that is known it is small: TCP's 0.7 would waste more than a
 * refusal costs. A first minute may have been flattered by a full bucket; and where more had been allowed than was sent,
 * what was let through says little.
 */
const DECREASE = 0.96
const FIRST_DECREASE = 0.85
const BLIND_DECREASE = 0.8
/** So much of what was allowed was sent: it was the pace that held back, and what was sent shows what is let through. */
const USED_RATIO = 0.8
/** How far an estimate leans from `achieved` to `tried`; where they are this far apart (natural logarithm), half of it. */
const LEANING = 0.25
const SHALLOW_LEANING = 0.7
const WIDE_LEANING = 0.5
const WIDE = 0.3
/** Where they are no farther apart than this, the estimate is certain. */
const NARROW = 0.04
/** Of a window that was told only once. */
const HINT_CERTAINTY = 0.25

/** What lay between two refusals. */
export interface Cycle {
  /** Requests let through. */
  readonly starts: number
  /** From the one refusal to the other; what is over a minute is counted without the pause at its beginning. */
  readonly spanMs: number
  /** The rate we had come to. */
  readonly tried: number
  /** What had been allowed in vain, in requests. */
  readonly unused: number
  /** We were out for so long that it was a window that ended, not a bucket that dripped. */
  readonly wasWindow: boolean
  /** The bucket is known to hold hardly any. */
  readonly isShallow: boolean
  /** The rate was doubling each second. */
  readonly wasDoubling: boolean
  /** An idle key was allowed a burst. */
  readonly mayBurst: boolean
  /** What was let through in the minute that ends when the second refusal said, where it sounds like a window's end. */
  readonly inWindow: number | undefined
}

/** What is to be expected after the first refusal, from what a minute had let through before it. */
export function firstEstimate(count: number, isPoor: boolean): Growth {
  const rate = count / MINUTE_MS
  const from = FIRST_DECREASE * rate
  return { from: isPoor ? Math.max(from, FLOOR) : from, ceiling: isPoor ? Math.max(rate, FLOOR) : rate, certainty: 1 }
}

/**
 * What is to be expected after a further refusal. An ample bucket, empty at both refusals, has let through just its rate:
 * `achieved`. One that holds hardly any refuses whoever goes faster than it drips: `tried`. The limit lies between the two.
 */
export function nextEstimate(cycle: Cycle): Growth {
  const { starts, spanMs, tried, wasWindow, isShallow, wasDoubling, mayBurst, inWindow } = cycle
  const achieved = Math.min(starts / spanMs, tried)
  if (wasDoubling && inWindow !== undefined) {
    const inMinute = Math.max(starts, inWindow) / MINUTE_MS
    // A handful may as well have come out of a bucket.
    return at(starts < SHALLOW_COUNT ? Math.max(inMinute, achieved) : inMinute, HINT_CERTAINTY)
  }
  if (isBlind(cycle)) {
    if (wasWindow) return at(Math.sqrt(tried * achieved), 1)
    // It may have been the burst; if none was allowed, it was the rate.
    return { from: tried * (mayBurst ? DECREASE : BLIND_DECREASE), ceiling: tried, certainty: 1 }
  }
  if (wasWindow) return at(achieved, 1)
  const gap = Math.log(tried / achieved)
  const leaning = isShallow ? SHALLOW_LEANING : gap > WIDE ? WIDE_LEANING : LEANING
  const between = achieved * Math.exp(leaning * gap)
  // A second ago half of it was still let through.
  return at(wasDoubling ? Math.max(between, tried / 2) : between, Math.min(1, NARROW / gap))
}

/** Much more had been allowed than was sent: the rate that was allowed is not what was refused. */
export function isBlind({ starts, unused }: Pick<Cycle, 'starts' | 'unused'>): boolean {
  return starts + 1 < USED_RATIO * (starts + 1 + unused)
}

/** One that turned out to be made from one request too many. */
export function withOneLess({ from, ceiling, certainty }: Growth, count: number): Growth {
  const ratio = (count - 1) / count
  return { from: from * ratio, ceiling: ceiling * ratio, certainty }
}

/** It is no more than this. */
export function atMost({ from, ceiling, certainty }: Growth, rate: number): Growth {
  const most = Math.max(LEAST, rate)
  return { from: Math.min(from, most), ceiling: Math.min(ceiling, most), certainty }
}

function at(rate: number, certainty: number): Growth {
  const ceiling = Math.max(LEAST, rate)
  return { from: DECREASE * ceiling, ceiling, certainty }
}
