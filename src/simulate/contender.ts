import type { RequestEntry } from './journal.ts'
import type { Reply } from './reply.ts'
import type { World } from './world.ts'

/** Whoever has the requests of a simulation answered, by rules of its own. */
export interface Contender {
  /** Resolves when the request has its answer or none; the entry then says which. It never rejects. */
  ask(entry: RequestEntry): Promise<void>
}

/** The caller has what it waits for. */
export function serve(world: World, entry: RequestEntry, { ownMs }: Reply): void {
  entry.servedAt = world.elapsedMs
  entry.ownMs = ownMs
}

export function conclude(world: World, entry: RequestEntry, error?: string): void {
  entry.endedAt = world.elapsedMs
  entry.outcome = error === undefined ? 'answered' : 'failed'
  entry.error = error
}
