import type { Target } from '../target.ts'
import type { Strategy } from './strategy.ts'

interface PriorityOptions {
  /** Profiles whose place is decided by the explicit order. */
  readonly ordered: readonly string[]
  /** Among equals, take the one that was used least recently. */
  readonly rotateOnSuccess: boolean
}

/** The first in configured order. Among equals: the session's own, else (if asked for) the least recently used. */
export function priorityStrategy({ ordered, rotateOnSuccess }: PriorityOptions): Strategy {
  const placed = new Set(ordered)
  const areEqual = (a: Target, b: Target): boolean =>
    a.provider === b.provider &&
    a.credential.priority === b.credential.priority &&
    !placed.has(a.profile) &&
    !placed.has(b.profile)
  const takesFirst = (sessionKey: string | undefined): boolean => sessionKey === undefined && !rotateOnSuccess
  return {
    name: 'priority',
    takesFirst,
    choose(open, sessionKey) {
      const [first] = open
      if (takesFirst(sessionKey)) return first
      const equals = open.filter((target) => areEqual(first, target))
      return sessionKey === undefined ? leastRecentlyUsed(equals, first) : rendezvous(equals, first, sessionKey)
    },
  }
}

function leastRecentlyUsed(targets: readonly Target[], first: Target): Target {
  const usedAt = (target: Target): number => target.health.lastUsedAt ?? Number.NEGATIVE_INFINITY
  return targets.reduce((oldest, target) => (usedAt(target) < usedAt(oldest) ? target : oldest), first)
}

/**
 * Highest-random-weight hashing (Thaler and Ravishankar, 1998): a session keeps its profile without any table, and
 * when a profile is out only its own sessions move.
 */
function rendezvous(targets: readonly Target[], first: Target, sessionKey: string): Target {
  const seed = hash(sessionKey, 0)
  let chosen = first
  let highest = -1
  for (const target of targets) {
    const weight = hash(target.profile, seed)
    if (weight > highest) {
      chosen = target
      highest = weight
    }
  }
  return chosen
}

/** FNV-1a over UTF-16 code units with a final avalanche (murmur3's), 32 bits. */
function hash(text: string, seed: number): number {
  let value = 0x811c9dc5 ^ seed
  for (let index = 0; index < text.length; index += 1) value = Math.imul(value ^ text.charCodeAt(index), 0x01000193)
  value = Math.imul(value ^ (value >>> 16), 0x85ebca6b)
  value = Math.imul(value ^ (value >>> 13), 0xc2b2ae35)
  return (value ^ (value >>> 16)) >>> 0
}
