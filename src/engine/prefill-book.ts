import { LruMap } from './lru-map.ts'
import type { Target } from './target.ts'

/** Models at origins that are remembered. */
const MAX_REFUSERS = 1_000

/**
 * Which models have refused to go on from a prefill, although they were said to. A refusal lowers what is known; an
 * answer never raises it, since a server that ignores a prefill answers just as well.
 */
export class PrefillBook {
  readonly #refusers = new LruMap<string, true>(MAX_REFUSERS)

  refused(target: Target): void {
    this.#refusers.set(nameOf(target), true)
  }

  hasRefused(target: Target): boolean {
    return this.#refusers.get(nameOf(target)) !== undefined
  }
}

function nameOf({ origin, model }: Target): string {
  return `${origin} ${model}`
}
