import type { Random } from '../clock.ts'
import type { EventDraft } from '../events.ts'
import type { Tallies } from '../health/tallies.ts'
import { leastBusyRule } from './least-busy.ts'
import { lowestLatencyRule } from './lowest-latency.ts'
import { ownRule } from './own-strategy.ts'
import { priorityRule } from './priority.ts'
import { roundRobinRule } from './round-robin.ts'
import type { SelectionRule } from './rule.ts'
import type { Strategy, StrategyName } from './strategy.ts'
import { weightedRule } from './weighted.ts'

interface RuleDependencies {
  readonly rotateOnSuccess: boolean
  /** The published designs know no sessions. */
  readonly keepsSessions: boolean
  readonly tallies: Tallies
  readonly random: Random
  readonly emit: (event: EventDraft) => void
}

/** What a strategy comes down to, be it named or a user's own. */
export function ruleOf(
  strategy: StrategyName | Strategy,
  { rotateOnSuccess, keepsSessions, tallies, random, emit }: RuleDependencies,
): SelectionRule {
  switch (strategy) {
    case 'priority':
      return priorityRule(rotateOnSuccess, tallies, keepsSessions)
    case 'round_robin':
      return roundRobinRule()
    case 'weighted':
      return weightedRule(random)
    case 'least_busy':
      return leastBusyRule(tallies)
    case 'lowest_latency':
      return lowestLatencyRule(random)
    default:
      return ownRule(strategy, { random, emit })
  }
}
