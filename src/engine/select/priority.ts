import type { Tallies } from '../health/tallies.ts'
import type { SelectionRule } from './rule.ts'

/**
 * The first in configured order. Among equals the first that was declared, or with `rotateOnSuccess` the one that was
 * used least recently.
 */
export function priorityRule(rotateOnSuccess: boolean, tallies: Tallies, keepsSessions: boolean): SelectionRule {
  return {
    name: 'priority',
    sessions: keepsSessions ? 'named' : 'none',
    weighs: false,
    takesFirst: !rotateOnSuccess,
    choose(tier, first, gate) {
      if (!rotateOnSuccess) return first
      const { slots, start } = tier
      const { latestUse } = tallies
      let chosen = first
      let oldest = latestUse[slots[first - start] ?? 0] ?? 0
      let place = chosen - start
      while (oldest > 0) {
        place = usedBefore(oldest, latestUse, slots, place + 1)
        if (place === -1) break
        if (!gate.admits(start + place)) continue
        chosen = start + place
        oldest = latestUse[slots[place] ?? 0] ?? 0
      }
      return chosen
    },
  }
}

/** The next that was used longer ago; -1 if there is none. All that is done for each of thousands is in here. */
function usedBefore(oldest: number, latestUse: Float64Array, slots: Int32Array, from: number): number {
  for (let place = from; place < slots.length; place += 1)
    if ((latestUse[slots[place] ?? 0] ?? 0) < oldest) return place
  return -1
}
