import { LruMap } from './lru-map.ts'
import { longHash } from './select/hashing.ts'
import type { Target } from './target.ts'

/** Something a request refers to that exists only where it was made. */
export interface Binding {
  /** What it is, in the wire format's own word: `previous_response_id`, `file_id`, `signature`, … */
  readonly kind: string
  /** The id it goes by, or any text that tells it from others; it is never shown. */
  readonly id: string
  /** Who can serve it: the profile that made it, any profile of its quota group, or any profile of its provider. */
  readonly scope: 'profile' | 'quota_group' | 'vendor'
  /** For another vendor it may be left out of the request, which then still means the same. */
  readonly isDroppable: boolean
}

/** Ids whose owners are remembered; the oldest ones are then as good as unknown. */
const MAX_IDS = 10_000

interface Owner {
  readonly profile: string
  readonly quotaGroup: string | undefined
  readonly provider: string
}

/** Remembers who made what later requests may refer to. Ids are kept as hashes: some are as long as an answer. */
export class BindingBook {
  readonly #owners = new LruMap<number, Owner>(MAX_IDS)

  note(id: string, { profile, provider, credential }: Target): void {
    this.#owners.set(longHash(id), { profile, provider, quotaGroup: credential.quotaGroup })
  }

  /** Nobody is left who could serve what it made: better to ask another than to refuse. */
  forgetProfile(id: string): void {
    this.#owners.deleteWhere(({ profile }) => profile === id)
  }

  ownerOf(id: string): Owner | undefined {
    return this.#owners.get(longHash(id))
  }
}

/** Who can serve what one request refers to. */
export class BoundRequest {
  readonly #bindings: readonly (readonly [Binding, Owner | undefined])[]
  readonly #provider: string | undefined

  /** @param provider of the model that was asked for: where what nobody here has made was most likely made */
  constructor(bindings: readonly Binding[], book: BindingBook, provider: string | undefined) {
    this.#bindings = bindings.map((binding) => [binding, book.ownerOf(binding.id)])
    this.#provider = provider
  }

  /** The kind of a binding that keeps a target from serving the request; undefined if none does. */
  against(target: Target): string | undefined {
    for (const [binding, owner] of this.#bindings)
      if (!binding.isDroppable && !this.#isServedBy(target, binding, owner)) return binding.kind
    return undefined
  }

  /** Kinds of bindings that a target cannot serve and that may be left out for it; undefined if there are none. */
  droppedFor(target: Target): readonly string[] | undefined {
    const kinds = new Set<string>()
    for (const [binding, owner] of this.#bindings)
      if (binding.isDroppable && !this.#isServedBy(target, binding, owner)) kinds.add(binding.kind)
    return kinds.size === 0 ? undefined : [...kinds]
  }

  #isServedBy({ profile, provider, credential }: Target, { scope }: Binding, owner: Owner | undefined): boolean {
    if (owner === undefined) return provider === this.#provider
    switch (scope) {
      case 'profile':
        return profile === owner.profile
      case 'quota_group':
        return (
          profile === owner.profile || (owner.quotaGroup !== undefined && credential.quotaGroup === owner.quotaGroup)
        )
      case 'vendor':
        return provider === owner.provider
    }
  }
}
