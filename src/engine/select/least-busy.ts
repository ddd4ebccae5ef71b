import type { Tallies } from '../health/tallies.ts'
import type { Gate } from './gate.ts'
import type { Tier } from './pool.ts'
import type { SelectionRule } from './rule.ts'
import { Turns } from './turns.ts'

/** The profile with the fewest attempts under way, whatever their model. Equals take turns. */
export function leastBusyRule(tallies: Tallies): SelectionRule {
  const turns = new Turns()
  return {
    name: 'least_busy',
    sessions: 'all',
    weighs: false,
    takesFirst: false,
    choose(tier, first, gate) {
      const { slots, start, end } = tier
      const { inFlight } = tallies
      let chosen = first
      let fewest = MOST
      const lookAt = (from: number, to: number): void => {
        let index = from
        while (fewest > 0) {
          index = lessBusy(fewest, inFlight, tier, gate, index, to)
          if (index === -1) return
          if (gate.admits(index)) {
            chosen = index
            fewest = inFlight[slots[index - start] ?? 0] ?? 0
          }
          index += 1
        }
      }
      const turn = turns.startOf(tier)
      lookAt(turn, end)
      lookAt(start, turn)
      return chosen
    },
    took: (tier, index) => turns.took(tier, index),
  }
}

const MOST = 0x7fff_ffff

/** The next with fewer under way that is not known to be closed; -1 if there is none. */
function lessBusy(
  fewest: number,
  inFlight: Int32Array,
  { slots, start }: Tier,
  { closings, now }: Gate,
  from: number,
  to: number,
): number {
  for (let index = from; index < to; index += 1) {
    if ((inFlight[slots[index - start] ?? 0] ?? 0) >= fewest) continue
    if (closings === undefined || (closings[index] ?? 0) <= now) return index
  }
  return -1
}
