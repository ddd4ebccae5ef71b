import type { Random } from '../clock.ts'
import type { Gate } from './gate.ts'
import type { Tier } from './pool.ts'
import type { SelectionRule } from './rule.ts'

/** Lots that are drawn before all targets are looked at: with half of them out, one in a billion choices gets there. */
const MAX_DRAWS = 30

/** By lot, each as often as its weight is part of the weights of all that are open. */
export function weightedRule(random: Random): SelectionRule {
  return {
    name: 'weighted',
    sessions: 'all',
    weighs: true,
    takesFirst: false,
    choose(tier, first, gate) {
      // Drawing again until an open one comes up is fair to all that are open.
      for (let draws = 0; draws < MAX_DRAWS; draws += 1) {
        const index = tier.start + placeOf(tier.shares, random())
        if (gate.admits(index)) return index
      }
      return drawAmongOpen(tier, first, gate, random())
    },
  }
}

/** The first place whose share reaches beyond the lot. */
function placeOf(shares: Float64Array, lot: number): number {
  const wanted = lot * (shares[shares.length - 1] ?? 0)
  let low = 0
  let high = shares.length - 1
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((shares[middle] ?? 0) > wanted) high = middle
    else low = middle + 1
  }
  return low
}

function drawAmongOpen({ end, field, start }: Tier, first: number, gate: Gate, lot: number): number {
  const weightOf = (index: number): number => field.weights[index - start] ?? 0
  let sum = 0
  for (let index = first; index !== -1; index = gate.next(index + 1, end)) sum += weightOf(index)
  let left = lot * sum
  let chosen = first
  for (let index = first; index !== -1; index = gate.next(index + 1, end)) {
    chosen = index
    left -= weightOf(index)
    if (left < 0) break
  }
  return chosen
}
