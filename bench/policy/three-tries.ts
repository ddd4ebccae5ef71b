import {
  type Arena,
  type Contender,
  conclude,
  limitsOf,
  type RequestEntry,
  readRest,
  serve,
  tryOnce,
} from '../../src/simulate/index.ts'

const TRIES = 3
const FIRST_DELAY_MS = 400

/** What most clients do: the first target, three times, with exponential back-off, whatever it says. */
export function threeTries(arena: Arena): Contender {
  const { world, chain, subject } = arena
  const limits = limitsOf(subject)
  return {
    async ask(entry: RequestEntry) {
      for (let tries = 1; ; tries += 1) {
        try {
          const reply = await tryOnce(world, entry, chain[0], limits)
          serve(world, entry, reply)
          await readRest(world, reply)
          return conclude(world, entry)
        } catch (error) {
          // What has been shown cannot be taken back.
          if (tries === TRIES || entry.servedAt !== undefined)
            return conclude(world, entry, error instanceof Error ? error.message : String(error))
        }
        await world.clock.sleep(FIRST_DELAY_MS * 2 ** (tries - 1))
      }
    },
  }
}
