import { describe, expect, it } from 'vitest'
import { VirtualClock } from './virtual-clock.ts'

describe.each([{ promisesOnly: false }, { promisesOnly: true }])('a virtual clock with %o', (options) => {
  it('fires timers in the order in which they fall due, and then of their creation', async () => {
    const clock = new VirtualClock(0, options)
    const fired: string[] = []
    const note = (name: string) => () => fired.push(`${name} at ${clock.now()}`)
    clock.setTimer(note('c'), 30)
    clock.setTimer(note('a'), 10)
    clock.setTimer(note('d'), 30)
    clock.setTimer(note('b'), 20)
    clock.setTimer(note('late'), 31)
    await clock.advance(30)
    expect(fired).toEqual(['a at 10', 'b at 20', 'c at 30', 'd at 30'])
    expect(clock.pendingTimers).toBe(1)
    expect(clock.now()).toBe(30)
  })

  it('lets everything run that a timer sets off before the next one fires', async () => {
    const clock = new VirtualClock(0, options)
    const steps: string[] = []
    const chain = async (name: string): Promise<void> => {
      for (let index = 0; index < 50; index += 1) await Promise.resolve()
      steps.push(name)
    }
    clock.setTimer(() => void chain('first'), 10)
    clock.setTimer(() => steps.push('second'), 10)
    await clock.advance(10)
    expect(steps).toEqual(['first', 'second'])
  })

  it('meets timers that were set on the way', async () => {
    const clock = new VirtualClock(0, options)
    const times: number[] = []
    const tick = (): void => {
      times.push(clock.now())
      clock.setTimer(tick, 7)
    }
    clock.setTimer(tick, 7)
    await clock.advance(30)
    expect(times).toEqual([7, 14, 21, 28])
  })

  it('forgets a timer that is called off, as often and as late as that is said', async () => {
    const clock = new VirtualClock(0, options)
    const fired: string[] = []
    const cancel = clock.setTimer(() => fired.push('never'), 5)
    const other = clock.setTimer(() => fired.push('kept'), 6)
    cancel()
    cancel()
    await clock.advance(10)
    other()
    cancel()
    expect(fired).toEqual(['kept'])
    expect(clock.pendingTimers).toBe(0)
  })

  it('runs until a promise settles, and no further', async () => {
    const clock = new VirtualClock(0, options)
    let isOver = false
    clock.setTimer(() => {
      isOver = true
    }, 11)
    await clock.runUntil(clock.sleep(10))
    expect(clock.now()).toBe(10)
    expect(isOver).toBe(false)
    await expect(clock.runUntil(new Promise(() => {}))).rejects.toThrow('nothing is scheduled')
  })

  it('never goes back for a timer that was due before the clock was jumped', async () => {
    const clock = new VirtualClock(0, options)
    const times: number[] = []
    clock.setTimer(() => times.push(clock.now()), 10)
    clock.jump(1_000)
    await clock.runUntil(clock.sleep(1))
    expect(times).toEqual([1_000])
    expect(clock.now()).toBe(1_001)
  })
})

describe('a virtual clock among real things', () => {
  it('gives the event loop its turn between two timers', async () => {
    const clock = new VirtualClock(0)
    const steps: string[] = []
    clock.setTimer(() => {
      setImmediate(() => steps.push('event loop'))
    }, 1)
    clock.setTimer(() => steps.push('next timer'), 1)
    await clock.advance(1)
    expect(steps).toEqual(['event loop', 'next timer'])
  })

  it('with promisesOnly gives it none', async () => {
    const clock = new VirtualClock(0, { promisesOnly: true })
    const steps: string[] = []
    clock.setTimer(() => {
      setImmediate(() => steps.push('event loop'))
    }, 1)
    clock.setTimer(() => steps.push('next timer'), 1)
    await clock.advance(1)
    // Behind the one above, whatever the load: a real timer may ring before either.
    await new Promise((resolve) => setImmediate(resolve))
    expect(steps).toEqual(['next timer', 'event loop'])
  })
})
