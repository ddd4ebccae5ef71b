import type { SelectionRule } from './rule.ts'
import { Turns } from './turns.ts'

/** One after the other, each model by itself; whoever is out is passed over and misses its turn. */
export function roundRobinRule(): SelectionRule {
  const turns = new Turns()
  return {
    name: 'round_robin',
    sessions: 'all',
    weighs: false,
    takesFirst: false,
    choose(tier, first, gate) {
      const from = turns.startOf(tier)
      if (from <= first) return first
      const next = gate.next(from, tier.end)
      return next === -1 ? first : next
    },
    took: (tier, index) => turns.took(tier, index),
  }
}
