import { describe, expect, it } from 'vitest'
import { VirtualClock } from '../testing/virtual-clock.ts'
import { settle } from './clock.ts'
import { WaitingRoom } from './waiting.ts'

const FAR = Number.MAX_SAFE_INTEGER

function setup(maxQueued = 10) {
  const clock = new VirtualClock(0)
  const room = new WaitingRoom(clock, maxQueued)
  const woken: string[] = []
  const { signal } = new AbortController()
  const enter = (name: string, needs: unknown = 'chain', door = 'call') => {
    const ticket = room.enter('m', needs, door)
    const wait = (until = FAR, patienceUntil = FAR): void => {
      void ticket.wait(until, patienceUntil, signal).then(() => woken.push(name))
    }
    return { ...ticket, wait, leave: () => ticket.leave() }
  }
  return { clock, room, woken, enter }
}

describe('requests that wait', () => {
  it('are woken one after another in the order in which they came, the next when the first has gone', async () => {
    const { room, woken, enter } = setup()
    const [a, b, c] = [enter('a'), enter('b'), enter('c')]
    for (const each of [a, b, c]) each.wait()
    room.wakeAll()
    await settle()
    expect(woken).toEqual(['a'])
    a.leave()
    await settle()
    expect(woken).toEqual(['a', 'b'])
    // It found nothing: its place is still the first.
    b.wait()
    room.wakeAll()
    await settle()
    expect(woken).toEqual(['a', 'b', 'b'])
  })

  it('are woken each where different targets can serve them', async () => {
    const { room, woken, enter } = setup()
    enter('a').wait()
    enter('b', 'other chain').wait()
    enter('c', 'chain', 'run').wait()
    room.wakeAll()
    await settle()
    expect(woken.toSorted()).toEqual(['a', 'b', 'c'])
  })

  it('wait no longer than their patience, whoever stands before them', async () => {
    const { clock, woken, enter } = setup()
    enter('a').wait(FAR, 5_000)
    enter('b').wait(1_000, 3_000)
    await clock.advance(2_999)
    expect(woken).toEqual([])
    await clock.advance(1)
    expect(woken).toEqual(['b'])
    await clock.advance(2_000)
    expect(woken).toEqual(['b', 'a'])
    expect(clock.pendingTimers).toBe(0)
  })

  it('find room again when others have left', () => {
    const { room, enter } = setup(2)
    const a = enter('a')
    enter('b', 'other chain')
    expect(room.hasRoom('m')).toBe(false)
    a.leave()
    a.leave()
    expect(room.hasRoom('m')).toBe(true)
  })

  it('leave no timer or listener behind when their caller goes', async () => {
    const { clock, room } = setup()
    const controller = new AbortController()
    const ticket = room.enter('m', 'chain', 'call')
    const waiting = ticket.wait(FAR, FAR, controller.signal).catch((error: unknown) => error)
    controller.abort('gone')
    expect(await waiting).toBe('gone')
    ticket.leave()
    expect(clock.pendingTimers).toBe(0)
    expect(room.hasRoom('m')).toBe(true)
  })
})
