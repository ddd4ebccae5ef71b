import type { Random } from '../clock.ts'
import type { Target } from '../target.ts'
import type { Gate } from './gate.ts'
import type { Tier } from './pool.ts'
import type { SelectionRule } from './rule.ts'

/** Tries to meet an open one by chance before all targets are looked at. */
const MAX_DRAWS = 30

/**
 * The faster of two that are picked by chance (power of two choices, Mitzenmacher, 2001), by the peak EWMA of the time
 * to the first content. The fastest of all would be flooded by everybody at once, and nothing would be learnt of the
 * others.
 *
 * A profile that has not answered yet is tried first, but by one request at a time: until its first answer is there, it
 * may as well be the slowest.
 */
export function lowestLatencyRule(random: Random): SelectionRule {
  return {
    name: 'lowest_latency',
    sessions: 'all',
    weighs: false,
    takesFirst: false,
    choose(tier, first, gate) {
      const one = pick(tier, first, gate, random, -1)
      const other = pick(tier, first, gate, random, one)
      return isFaster(tier.pool.targets[other], tier.pool.targets[one], gate.now) ? other : one
    },
  }
}

/** One that was asked and has not answered is asked before all others once more after this long. */
const ANOTHER_CHANCE_MS = 60_000

/** One that is open, by chance, but not this one; the one itself where it is the only one. */
function pick({ start, end }: Tier, first: number, gate: Gate, random: Random, not: number): number {
  for (let draws = 0; draws < MAX_DRAWS; draws += 1) {
    const index = start + Math.floor(random() * (end - start))
    if (index !== not && gate.admits(index)) return index
  }
  const open: number[] = []
  for (let index = first; index !== -1; index = gate.next(index + 1, end)) if (index !== not) open.push(index)
  return open[Math.floor(random() * open.length)] ?? not
}

function isFaster(target: Target | undefined, than: Target | undefined, now: number): boolean {
  return target !== undefined && than !== undefined && costOf(target, now) < costOf(than, now)
}

/** Who has never answered is asked first, but not again and again: it may fail fast. */
function costOf({ health, latency }: Target, now: number): number {
  const measured = latency?.valueAt(now)
  if (measured !== undefined) return measured
  const isUntried = health.lastUsedAt === undefined || now - health.lastUsedAt > ANOTHER_CHANCE_MS
  return isUntried && health.limits.inFlight === 0 ? 0 : Number.POSITIVE_INFINITY
}
