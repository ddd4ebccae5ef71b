import {
  type Arena,
  type Contender,
  conclude,
  limitsOf,
  type RequestEntry,
  readRest,
  type SimulatedTarget,
  serve,
  tryOnce,
} from '../../src/simulate/index.ts'

const MAX_ATTEMPTS = 10
const MAX_WAIT_MS = 10_000
const TRIES_OF_A_TARGET = 3
const BACK_OFF_MS = 400
/** How soon it looks again where it does not know when something changes. */
const LOOK_AGAIN_MS = 100

/**
 * Somebody who knows what goes wrong when, but not the dice: takes the first target in the order of the chain that is up
 * and whose limits let one more in, keeps to these limits exactly, waits (no longer than the engine would) where there
 * is none, and moves on where the dice are against it, within the same budget.
 */
export function oracle(arena: Arena): Contender {
  const { world, chain, subject } = arena
  const limits = limitsOf(subject)

  const waitOf = (target: SimulatedTarget): number => {
    const outlook = world.outlook(target, world.isStreaming ? limits.firstContentMs : limits.responseMs)
    return outlook === 'down' ? Number.POSITIVE_INFINITY : outlook
  }

  return {
    async ask(entry: RequestEntry) {
      const tries = new Map<string, number>()
      let waitedMs = 0
      const isLeft = ({ name }: SimulatedTarget): boolean => (tries.get(name) ?? 0) < TRIES_OF_A_TARGET
      while (entry.attempts.length < MAX_ATTEMPTS) {
        const open = chain.filter((target) => isLeft(target) && waitOf(target) === 0)
        // One that has let it down is asked again only where no other is left.
        const target = open.toSorted((a, b) => (tries.get(a.name) ?? 0) - (tries.get(b.name) ?? 0))[0]
        if (target === undefined) {
          if (waitedMs >= MAX_WAIT_MS || !chain.some(isLeft)) break
          const soonest = Math.min(...chain.filter(isLeft).map(waitOf))
          const waitMs = Math.min(MAX_WAIT_MS - waitedMs, Number.isFinite(soonest) ? soonest : LOOK_AGAIN_MS)
          await world.clock.sleep(waitMs)
          waitedMs += waitMs
          continue
        }
        const before = tries.get(target.name) ?? 0
        if (before > 0) await world.clock.sleep(BACK_OFF_MS * 2 ** (before - 1))
        tries.set(target.name, before + 1)
        try {
          const reply = await tryOnce(world, entry, target, limits)
          serve(world, entry, reply)
          await readRest(world, reply)
          return conclude(world, entry)
        } catch {
          if (entry.servedAt !== undefined) return conclude(world, entry, 'cut')
        }
      }
      conclude(world, entry, 'nothing left')
    },
  }
}
