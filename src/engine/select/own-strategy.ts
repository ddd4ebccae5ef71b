import type { Random } from '../clock.ts'
import type { EventDraft } from '../events.ts'
import { messageOf } from '../readable.ts'
import type { Target } from '../target.ts'
import type { SelectionRule } from './rule.ts'
import type { Strategy, StrategyCandidate, StrategyRequest } from './strategy.ts'

interface OwnStrategyOptions {
  readonly random: Random
  readonly emit: (event: EventDraft) => void
}

/** A user's strategy, whose mistakes must not cost a request: the first target is taken instead. */
export function ownRule(strategy: Strategy, { random, emit }: OwnStrategyOptions): SelectionRule {
  const complaints = new Set<'threw' | 'later' | 'foreign'>()
  const complain = (kind: 'threw' | 'later' | 'foreign', message: string): void => {
    if (complaints.has(kind)) return
    complaints.add(kind)
    emit({ type: 'strategy_failed', strategy: strategy.name, message })
  }
  const answerOf = (
    open: readonly [StrategyCandidate, ...StrategyCandidate[]],
    request: StrategyRequest,
  ): StrategyCandidate | undefined => {
    try {
      const answer: unknown = strategy.choose(open, request)
      const chosen = open.find((candidate) => candidate === answer)
      if (answer instanceof Promise) {
        answer.catch(() => {})
        complain('later', 'it answered with a promise; it must answer at once')
      } else if (chosen === undefined) {
        complain('foreign', 'it answered with something that is not one of the open targets it was given')
      }
      return chosen
    } catch (error) {
      complain('threw', messageOf(error))
      return undefined
    }
  }
  return {
    name: strategy.name,
    sessions: 'none',
    weighs: false,
    takesFirst: false,
    choose({ pool, end }, first, gate, ask) {
      const [target] = pool.targets.slice(first, first + 1)
      if (target === undefined) return first
      const indexes = [first]
      const open: [StrategyCandidate, ...StrategyCandidate[]] = [candidateOf(target)]
      for (let index = gate.next(first + 1, end); index !== -1; index = gate.next(index + 1, end)) {
        const other = pool.targets[index]
        if (other === undefined) break
        indexes.push(index)
        open.push(candidateOf(other))
      }
      if (open.length === 1) return first
      const request: StrategyRequest = {
        model: target.model,
        now: gate.now,
        random,
        get sessionKey() {
          return ask.session()?.key
        },
      }
      const chosen = answerOf(open, request)
      return (chosen && indexes[open.indexOf(chosen)]) ?? first
    },
  }
}

function candidateOf({ provider, model, profile, credential, health, latency }: Target): StrategyCandidate {
  const { priority, weight, quotaGroup, metadata } = credential
  const { lastUsedAt, limits } = health
  const { inFlight } = limits
  const latencyMs = latency?.value
  return { provider, model, profile, priority, weight, quotaGroup, metadata, inFlight, latencyMs, lastUsedAt }
}
