import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { LearntLimit } from './learnt-limit.ts'

/** The begin of a minute of the clock. */
const START = 1_767_225_600_000
const MINUTE = 60_000

/** Requests begin evenly, so many in the minute that ends at `START`. */
function after(count: number): LearntLimit {
  const limit = new LearntLimit()
  for (let index = 0; index < count; index += 1) limit.began(START - MINUTE + ((index + 0.5) * MINUTE) / count)
  return limit
}

/** One more begins at `at` and is refused 50 ms later. @returns the time of the refusal */
function refuse(limit: LearntLimit, at: number, until?: number): number {
  limit.began(at)
  limit.refused(at, at + 50, until)
  return at + 50
}

/** As many begin as the limit allows. @returns when each of them did */
function startAll(limit: LearntLimit, from: number, to: number, most = Number.POSITIVE_INFINITY): number[] {
  const starts: number[] = []
  let now = limit.nextAt(from)
  while (now < to && starts.length < most) {
    limit.began(now)
    starts.push(now)
    now = limit.nextAt(now)
  }
  return starts
}

describe('a learnt limit', () => {
  it('holds nothing back before something was refused', () => {
    const limit = after(10_000)
    expect(limit.heldBy(START)).toBeUndefined()
    expect(limit.nextAt(START)).toBe(START)
    expect(limit.explains(START)).toBe(false)
    expect(limit.isIdle(START)).toBe(true)
  })

  it('spreads what the last minute let through evenly over the next', () => {
    const limit = after(120)
    const now = refuse(limit, START)
    expect(limit.explains(now)).toBe(true)
    expect(limit.heldBy(now)).toEqual({ limit: 'learnt', until: limit.nextAt(now) })
    const starts = startAll(limit, now, now + MINUTE)
    expect(starts.length).toBeGreaterThan(100)
    expect(starts.length).toBeLessThanOrEqual(120)
    const gaps = starts.slice(2).map((at, index) => at - (starts[index + 1] ?? 0))
    expect(Math.min(...gaps)).toBeGreaterThan(450)
  })

  it('says so in vain of three requests, and lets the ladder decide', () => {
    const limit = after(3)
    expect(limit.explains(refuse(limit, START))).toBe(false)
  })

  it('after a stated end and poor evidence lets 200 waiting requests begin by and by, not all at once, within 10 s', () => {
    const limit = after(3)
    const until = START + 3_000
    const now = refuse(limit, START, until)
    expect(limit.nextAt(now)).toBe(until)
    const starts = startAll(limit, now, until + MINUTE, 200)
    const within = (ms: number): number => starts.filter((at) => at < until + ms).length
    expect(starts[0]).toBe(until)
    expect(within(1)).toBe(1)
    expect(within(1_000)).toBeLessThanOrEqual(15)
    expect(within(2_000)).toBeLessThanOrEqual(45)
    expect(within(10_000)).toBe(200)
  })

  it('sends one request ahead after a pause, until a refusal of it would be known', () => {
    const limit = after(6_000)
    const now = refuse(limit, START)
    const [first = 0, second = 0] = startAll(limit, now, now + MINUTE, 2)
    expect(second - first).toBeGreaterThanOrEqual(75)
  })

  it('does not count those that were under way as let through, and hears only one refusal', () => {
    const limit = after(60)
    for (let index = 0; index < 41; index += 1) limit.began(START)
    limit.refused(START, START + 50)
    const opensAt = limit.nextAt(START + 50)
    for (let index = 1; index < 41; index += 1) limit.refused(START, START + 60)
    expect(limit.nextAt(START + 60)).toBe(opensAt)
    expect(startAll(limit, START + 60, START + MINUTE).length).toBeLessThanOrEqual(60)
  })

  it('stays away longer each time nothing was let through in between, and gives up explaining after a minute', () => {
    const limit = after(60)
    let now = refuse(limit, START)
    const pauses: number[] = []
    while (limit.explains(now)) {
      const next = limit.nextAt(now)
      pauses.push(next - now)
      now = refuse(limit, next)
    }
    expect(pauses.slice(0, 3)).toEqual([1_178, 3_000, 9_000])
    expect(pauses.length).toBeLessThanOrEqual(7)
    expect(now - START).toBeGreaterThan(MINUTE)
  })

  it('comes down to what a minute held when a window has refused for long', () => {
    const limit = after(0)
    for (let index = 0; index < 3; index += 1) limit.began(START + index * 100)
    let now = refuse(limit, START + 1_000)
    while (now < START + 40_000) now = refuse(limit, limit.nextAt(now))
    limit.began(START + MINUTE)
    // Whatever is known now is tried; what is refused then was the fourth of its window.
    const more = startAll(limit, START + MINUTE, START + 2 * MINUTE, 2)
    now = refuse(limit, limit.nextAt(more.at(-1) ?? 0))
    while (now < START + 2 * MINUTE) now = refuse(limit, limit.nextAt(now))
    expect(startAll(limit, START + 2 * MINUTE, START + 3 * MINUTE).length).toBeLessThanOrEqual(4)
  })

  it('lets an idle key catch up in a burst, until a burst is refused', () => {
    const limit = after(60)
    const now = refuse(limit, START)
    startAll(limit, now, now + MINUTE)
    const later = now + 2 * MINUTE
    expect(startAll(limit, later, later + 1_000).length).toBeGreaterThan(10)
    refuse(limit, later + 1_000)
    const evenLater = later + 3 * MINUTE
    limit.began(evenLater)
    expect(startAll(limit, evenLater + 1, evenLater + 1_000).length).toBeLessThanOrEqual(2)
  })

  it('gives back what never reached the provider', () => {
    const limit = after(60)
    const now = refuse(limit, START)
    const [first = 0] = startAll(limit, now, now + MINUTE, 1)
    expect(limit.nextAt(first + 100)).toBeGreaterThan(first + 100)
    limit.withdrew(first, first + 100)
    expect(limit.nextAt(first + 100)).toBe(first + 100)
  })

  it('takes a limit that was told as the most that is tried, and holds nothing back for it alone', () => {
    const limit = after(100)
    limit.told({ limit: 30, windowMs: MINUTE })
    expect(limit.heldBy(START)).toBeUndefined()
    const now = refuse(limit, START)
    expect(startAll(limit, now, now + MINUTE).length).toBeLessThanOrEqual(32)
    limit.told({ limit: 300, windowMs: MINUTE })
    expect(startAll(limit, now + MINUTE, now + 2 * MINUTE).length).toBeGreaterThan(60)
  })

  it('does not pace by the limit of a day', () => {
    const limit = after(600)
    limit.told({ limit: 1_000, windowMs: 86_400_000 })
    const now = refuse(limit, START)
    expect(startAll(limit, now, now + MINUTE).length).toBeGreaterThan(400)
  })

  it('is forgotten five minutes after it last mattered, and not before a stated end', () => {
    const limit = after(60)
    const now = refuse(limit, START)
    startAll(limit, now, now + 2 * MINUTE)
    expect(limit.isIdle(now + 6 * MINUTE)).toBe(false)
    expect(limit.isIdle(now + 8 * MINUTE)).toBe(true)
    expect(limit.heldBy(now + 8 * MINUTE)).toBeUndefined()
    const stated = after(60)
    refuse(stated, START, START + 60 * MINUTE)
    expect(stated.isIdle(START + 59 * MINUTE)).toBe(false)
    expect(stated.isIdle(START + 66 * MINUTE)).toBe(true)
  })

  it('matters for as long as it is used to the full', () => {
    const limit = after(60)
    const now = refuse(limit, START)
    startAll(limit, now, now + 7 * MINUTE)
    expect(limit.isIdle(now + 7 * MINUTE)).toBe(false)
  })

  it('says something sensible whatever it is told, and forgets it all', () => {
    const step = fc.record({
      afterMs: fc.oneof(fc.constant(0), fc.nat(2_000), fc.nat(400_000)),
      what: fc.constantFrom('began', 'began', 'waited', 'refused', 'stated', 'withdrew', 'told'),
      size: fc.integer({ min: 1, max: 100_000 }),
    })
    fc.assert(
      fc.property(fc.array(step, { maxLength: 120 }), (steps) => {
        const limit = new LearntLimit()
        let now = START
        let startedAt = START
        for (const { afterMs, what, size } of steps) {
          now = what === 'waited' ? limit.nextAt(now) : now + afterMs
          if (what === 'began' || what === 'waited') {
            limit.began(now)
            startedAt = now
          } else if (what === 'refused') limit.refused(startedAt, now)
          else if (what === 'stated') limit.refused(startedAt, now, now + size)
          else if (what === 'withdrew') limit.withdrew(startedAt, now)
          else limit.told({ limit: size, windowMs: MINUTE })
          const next = limit.nextAt(now)
          expect(next).toBeGreaterThanOrEqual(now)
          expect(next).toBeLessThanOrEqual(now + 20 * MINUTE)
          expect(limit.heldBy(now)?.until ?? now).toBe(next)
        }
        expect(limit.isIdle(now + 8 * MINUTE)).toBe(true)
      }),
      { numRuns: 300 },
    )
  })
})
