import { type Contender, conclude, serve } from './contender.ts'
import type { RequestEntry } from './journal.ts'
import type { Reply } from './reply.ts'
import type { SimulatedTarget } from './target.ts'
import type { World } from './world.ts'

/** How long one try may take, milliseconds. */
export interface TryLimits {
  readonly firstContentMs: number
  readonly responseMs: number
}

/** One try of one target, by nobody's rules: until the first content, or the whole answer. Rejects where it fails. */
export function tryOnce(
  world: World,
  entry: RequestEntry,
  target: SimulatedTarget,
  { firstContentMs, responseMs }: TryLimits,
): Promise<Reply> {
  return new Promise((resolve, reject) => {
    let abort = (): void => {}
    const cancelLimit = world.clock.setTimer(
      () => {
        abort()
        reject(new Error('TIMEOUT'))
      },
      world.isStreaming ? firstContentMs : responseMs,
    )
    const attention = {
      onAbort: (listener: () => void) => {
        abort = listener
      },
    }
    world.attempt(entry, target, attention).then(
      (reply) => {
        cancelLimit()
        resolve(reply)
      },
      (error: unknown) => {
        cancelLimit()
        reject(error)
      },
    )
  })
}

/** Reads the rest of an answer; rejects where it breaks off. */
export function readRest(world: World, reply: Reply): Promise<void> {
  if (!world.isStreaming) return Promise.resolve()
  return new Promise((resolve, reject) => {
    reply.readRest(Number.POSITIVE_INFINITY, {
      sign: () => {},
      end: (error) => (error === undefined ? resolve() : reject(error)),
    })
  })
}

/** What would be without failover: the first target, one try. */
export class LoneTry implements Contender {
  readonly #world: World
  readonly #target: SimulatedTarget
  readonly #limits: TryLimits

  constructor(world: World, target: SimulatedTarget, limits: TryLimits) {
    this.#world = world
    this.#target = target
    this.#limits = limits
  }

  async ask(entry: RequestEntry): Promise<void> {
    try {
      const reply = await tryOnce(this.#world, entry, this.#target, this.#limits)
      serve(this.#world, entry, reply)
      await readRest(this.#world, reply)
      conclude(this.#world, entry)
    } catch (error) {
      conclude(this.#world, entry, error instanceof Error ? error.message : String(error))
    }
  }
}
