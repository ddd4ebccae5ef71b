import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { TimerQueue } from './timer-queue.ts'

type Act = { readonly add: number } | { readonly callOff: number } | { readonly takeBy: number }

const act = fc.oneof(
  fc.record({ add: fc.integer({ min: 0, max: 20 }) }),
  fc.record({ callOff: fc.nat(200) }),
  fc.record({ takeBy: fc.integer({ min: 0, max: 20 }) }),
)

describe('the queue of timers', () => {
  it('does what a sorted list would do, whatever comes in, is called off and falls due', () => {
    fc.assert(
      fc.property(fc.array(act, { maxLength: 200 }), (acts: readonly Act[]) => {
        const queue = new TimerQueue()
        const list: { dueAt: number; order: number }[] = []
        const callOffs: { readonly order: number; readonly callOff: () => void }[] = []
        for (const each of acts) {
          if ('add' in each) {
            const order = callOffs.length
            callOffs.push({ order, callOff: queue.add(each.add, () => {}) })
            list.push({ dueAt: each.add, order })
            list.sort((a, b) => a.dueAt - b.dueAt || a.order - b.order)
          } else if ('callOff' in each) {
            const chosen = callOffs[each.callOff]
            chosen?.callOff()
            const at = list.findIndex(({ order }) => order === chosen?.order)
            if (at >= 0) list.splice(at, 1)
          } else {
            const expected = list[0] !== undefined && list[0].dueAt <= each.takeBy ? list.shift() : undefined
            const taken = queue.takeDue(each.takeBy)
            expect(taken && { dueAt: taken.dueAt, order: taken.order }).toEqual(expected)
          }
          expect(queue.size).toBe(list.length)
        }
      }),
    )
  })
})
