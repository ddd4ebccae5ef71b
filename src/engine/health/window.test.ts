import { describe, expect, it } from 'vitest'
import {
  type AttemptMark,
  afterFailure,
  afterSuccess,
  hasTrial,
  type StayAway,
  type Window,
  windowAt,
  withoutTrial,
  withTrial,
} from './window.ts'

const inferred: StayAway = { end: 'inferred', lengthMs: (rung) => [1_000, 2_000, 4_000][rung] ?? 8_000 }
const stated = (until: number): StayAway => ({ end: 'stated', until })
/** Attempts are numbered by when they begin here, so that the later has the greater number. */
const at = (startedAt: number, lease = startedAt): AttemptMark => ({ lease, startedAt })

function fail(window: Window | undefined, stayAway: StayAway, mark: AttemptMark, now: number): Window {
  return afterFailure(window, 'rate_limit', stayAway, { mark, newestLease: now, now })
}

describe('a window', () => {
  it('opens for the first rung of the ladder', () => {
    expect(fail(undefined, inferred, at(90), 100)).toMatchObject({
      state: 'cooling',
      reason: 'rate_limit',
      since: 100,
      until: 1_100,
      end: 'inferred',
      rung: 0,
    })
  })

  it('opens until the end the provider stated', () => {
    expect(fail(undefined, stated(7_000), at(90), 100)).toMatchObject({ until: 7_000, end: 'stated', rung: 0 })
  })

  it('counts eight parallel failures once', () => {
    let window: Window | undefined
    for (let lease = 1; lease <= 8; lease += 1) window = fail(window, inferred, at(0, lease), 100 + lease)
    expect(window).toMatchObject({ since: 101, until: 1_101, rung: 0 })
  })

  it('climbs one rung with a failure that follows a window that ran out', () => {
    const first = fail(undefined, inferred, at(0), 0)
    expect(fail(first, inferred, at(1_500), 1_600)).toMatchObject({ until: 3_600, rung: 1 })
  })

  it('does not climb for a failure that was already under way, even after the window ran out', () => {
    const first = fail(undefined, inferred, at(0), 100)
    expect(fail(first, inferred, at(50), 5_000)).toMatchObject({ state: 'half_open', rung: 0 })
  })

  it('lets a stated end replace an inferred one in either direction', () => {
    const first = fail(undefined, inferred, at(0), 100)
    expect(fail(first, stated(600), at(50), 200)).toMatchObject({ until: 600, end: 'stated', rung: 0 })
    expect(fail(first, stated(9_000), at(50), 200)).toMatchObject({ until: 9_000, end: 'stated', rung: 0 })
  })

  it('lets the later of two stated ends win', () => {
    const first = fail(undefined, stated(5_000), at(0), 100)
    expect(fail(first, stated(3_000), at(50), 200)).toMatchObject({ until: 5_000 })
    expect(fail(first, stated(8_000), at(50), 200)).toMatchObject({ until: 8_000 })
  })

  it('does not let an inferred end replace a stated one', () => {
    const first = fail(undefined, stated(500), at(0), 100)
    expect(fail(first, inferred, at(50), 200)).toMatchObject({ until: 500, end: 'stated' })
  })

  it('is half-open after an inferred end and simply reopened after a stated one', () => {
    expect(windowAt(fail(undefined, inferred, at(0), 0), 1_000)).toMatchObject({ state: 'half_open' })
    expect(windowAt(fail(undefined, stated(1_000), at(0), 0), 1_000)).toMatchObject({ state: 'reopened' })
    expect(windowAt(fail(undefined, inferred, at(0), 0), 999)).toMatchObject({ state: 'cooling' })
  })

  it('remembers its rung after a stated end until a success', () => {
    const first = fail(undefined, stated(1_000), at(0), 0)
    expect(fail(first, inferred, at(1_200), 1_300)).toMatchObject({ rung: 1, until: 3_300 })
    expect(afterSuccess(first, at(1_200), 1_300)).toBeUndefined()
    expect(fail(afterSuccess(first, at(1_200), 1_300), inferred, at(1_400), 1_500)).toMatchObject({ rung: 0 })
  })

  it('is not closed by a success that was already under way when it opened', () => {
    const window = fail(undefined, inferred, at(0), 100)
    expect(afterSuccess(window, at(50, 2), 200)).toMatchObject({ state: 'cooling' })
    expect(afterSuccess(window, at(50, 2), 2_000)).toMatchObject({ state: 'half_open' })
  })

  it('is closed by the success of its trial, and climbs by its failure', () => {
    const halfOpen = windowAt(fail(undefined, inferred, at(0), 0), 1_000)
    if (halfOpen?.state !== 'half_open') throw new Error('expected a half-open window')
    const onTrial = withTrial(halfOpen, { lease: 7, lapsesAt: 31_000 })
    expect(hasTrial(onTrial, 30_999)).toBe(true)
    expect(hasTrial(onTrial, 31_000)).toBe(false)
    expect(afterSuccess(onTrial, at(1_000, 7), 1_200)).toBeUndefined()
    expect(fail(onTrial, inferred, at(1_000, 7), 1_200)).toMatchObject({ state: 'cooling', rung: 1, until: 3_200 })
  })

  it('takes a trial back only from its holder', () => {
    const window = {
      state: 'half_open',
      reason: 'timeout',
      since: 0,
      openedAfter: 0,
      until: 1,
      rung: 0,
      trial: { lease: 7, lapsesAt: 9 },
    } as const
    expect(withoutTrial(window, 8)).toBe(window)
    expect(withoutTrial(window, 7)).not.toHaveProperty('trial')
  })

  it('may be decided by a trial that was let through before its end', () => {
    const cooling = fail(undefined, inferred, at(0), 0)
    if (cooling.state !== 'cooling') throw new Error('expected a cooling window')
    const onTrial = withTrial(cooling, { lease: 7, lapsesAt: 31_000 })
    expect(afterSuccess(onTrial, at(500, 7), 600)).toBeUndefined()
    // That it failed shows only what the window says already: the ladder climbs after windows that ran out.
    expect(fail(onTrial, inferred, at(500, 7), 600)).toBe(onTrial)
    expect(fail(onTrial, inferred, at(500, 7), 1_600)).toMatchObject({ rung: 1, since: 1_600 })
  })
})
