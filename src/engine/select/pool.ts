import type { SkipCause } from '../events.ts'
import type { Profile } from '../profile.ts'
import type { Target } from '../target.ts'
import { hashText } from './hashing.ts'

/**
 * The targets among which a model is served, in the order in which they are tried, in runs of equal rank: the tiers.
 * It is made once for a set of profiles and asked by every request, so what a choice compares lies ready in arrays.
 */
export class TargetPool {
  readonly name: string
  readonly targets: readonly Target[]
  /** Where each tier begins, in ascending order. */
  readonly #starts: Int32Array
  /** Those that have been asked for, by where they begin. */
  readonly #tiers = new Map<number, Tier>()
  /** Until when a target is known to be closed, epoch milliseconds; made when the first one is found closed. */
  #closings: Float64Array | undefined
  /** Why it is closed until then. */
  #causes: (SkipCause | undefined)[] = []
  #reopenings = 0
  /** So many from the first on are known to be closed, … */
  #closedAhead = 0
  /** … none of them for less long than until then, epoch milliseconds. */
  #closedAheadUntil = 0

  /**
   * @param name no other pool of the same manager has it
   * @param rankOf equal for neighbours that make a tier together; undefined for a target that is a tier of its own
   */
  constructor(name: string, targets: readonly Target[], rankOf: (profile: Profile) => number | undefined) {
    this.name = name
    this.targets = targets
    const starts: number[] = []
    let before: number | undefined
    for (const [index, { credential }] of targets.entries()) {
      const rank = rankOf(credential)
      if (index === 0 || rank === undefined || rank !== before) starts.push(index)
      before = rank
    }
    this.#starts = Int32Array.from(starts)
  }

  get size(): number {
    return this.targets.length
  }

  indexOf(profile: string): number {
    return this.targets.findIndex((target) => target.profile === profile)
  }

  /** The tier that a target belongs to. */
  tierOf(index: number): Tier {
    const place = this.#placeOf(index)
    const start = this.#starts[place] ?? 0
    const known = this.#tiers.get(start)
    if (known !== undefined) return known
    const tier = new Tier(this, start, this.#starts[place + 1] ?? this.size)
    this.#tiers.set(start, tier)
    return tier
  }

  /** Is it the only one of its rank? */
  isAlone(index: number): boolean {
    const place = this.#placeOf(index)
    return (this.#starts[place + 1] ?? this.size) - (this.#starts[place] ?? 0) === 1
  }

  /**
   * Until when each target is known to be closed, if any is; 0 where nothing is known.
   *
   * @param reopenings how often anything has opened before its time: what was known before is not known any more
   */
  closings(reopenings: number): Float64Array | undefined {
    if (reopenings !== this.#reopenings) {
      this.#reopenings = reopenings
      this.#closings?.fill(0)
      this.#closedAheadUntil = 0
    }
    return this.#closings
  }

  /** The index of the first that is not known to be closed. It is kept, since strategies that go by order begin there. */
  firstPossible(now: number): number {
    if (this.#closings === undefined) return 0
    if (now >= this.#closedAheadUntil) {
      this.#closedAhead = 0
      this.#closedAheadUntil = Number.POSITIVE_INFINITY
    }
    for (
      let until = this.#closings[this.#closedAhead] ?? 0;
      until > now;
      until = this.#closings[this.#closedAhead] ?? 0
    ) {
      this.#closedAhead += 1
      this.#closedAheadUntil = Math.min(this.#closedAheadUntil, until)
    }
    return this.#closedAhead
  }

  /** @param until epoch milliseconds; it will not open before by itself */
  noteClosed(index: number, until: number, cause: SkipCause): void {
    this.#closings ??= new Float64Array(this.size)
    this.#closings[index] = until
    this.#causes[index] = cause
  }

  /** Why a target is known to be closed, as of the last time it was looked at. */
  causeOf(index: number): SkipCause | undefined {
    return this.#causes[index]
  }

  #placeOf(index: number): number {
    let low = 0
    let high = this.#starts.length - 1
    while (low < high) {
      const middle = (low + high + 1) >>> 1
      if ((this.#starts[middle] ?? 0) <= index) low = middle
      else high = middle - 1
    }
    return low
  }
}

/** Targets of equal rank, next to each other in their pool. Its arrays are made when a strategy first asks for them. */
export class Tier {
  readonly pool: TargetPool
  /** The index of its first target in the pool. */
  readonly start: number
  /** The index after its last. */
  readonly end: number
  /** The same for the same rank of the same model, whatever profiles come and go. */
  readonly key: string
  /** Of the key. */
  readonly hash: number
  #field: Field | undefined
  #slots: Int32Array | undefined
  #shares: Float64Array | undefined
  #groups: QuotaGroups | 'none' | undefined

  constructor(pool: TargetPool, start: number, end: number) {
    this.pool = pool
    this.start = start
    this.end = end
    this.key = `${pool.name} ${pool.targets[start]?.credential.priority ?? 0}`
    this.hash = hashText(this.key)
  }

  get size(): number {
    return this.end - this.start
  }

  get field(): Field {
    this.#field ??= fieldOf(this.#targets)
    return this.#field
  }

  /** Where the profiles' tallies stand. */
  get slots(): Int32Array {
    this.#slots ??= Int32Array.from(this.#targets, ({ health }) => health.slot)
    return this.#slots
  }

  /** The weights up to and with each target, added up. */
  get shares(): Float64Array {
    if (this.#shares === undefined) {
      let sum = 0
      this.#shares = this.field.weights.map((weight) => {
        sum += weight
        return sum
      })
    }
    return this.#shares
  }

  /** Undefined where no profile has one. */
  get groups(): QuotaGroups | undefined {
    if (this.#groups === undefined) {
      const hasGroup = this.#targets.some(({ credential }) => credential.quotaGroup !== undefined)
      this.#groups = hasGroup ? groupsOf(this.#targets) : 'none'
    }
    return this.#groups === 'none' ? undefined : this.#groups
  }

  get #targets(): readonly Target[] {
    return this.pool.targets.slice(this.start, this.end)
  }
}

/** What is drawn lots for, side by side. */
export interface Field {
  /** Of their names. */
  readonly hashes: Int32Array
  readonly weights: Float64Array
  readonly greatestWeight: number
}

/** A tier by quota groups; a profile without one is a group of its own. */
export interface QuotaGroups {
  /** The groups, each with the weight of its members together. */
  readonly field: Field
  /** Which group each target of the tier belongs to. */
  readonly groupOf: Int32Array
  /** The members of each, and where they stand in the tier. */
  readonly members: readonly { readonly field: Field; readonly places: Int32Array }[]
}

function fieldOf(targets: readonly Target[]): Field {
  return fieldFrom(
    targets.map(({ profile }) => profile),
    targets.map(({ credential }) => credential.weight),
  )
}

function fieldFrom(names: readonly string[], weights: readonly number[]): Field {
  return {
    hashes: Int32Array.from(names, (name) => hashText(name)),
    weights: Float64Array.from(weights),
    greatestWeight: weights.reduce((greatest, weight) => Math.max(greatest, weight), 0),
  }
}

function groupsOf(targets: readonly Target[]): QuotaGroups {
  const places = new Map<string, number[]>()
  for (const [place, { credential }] of targets.entries()) {
    // Ids and group names are different kinds of names.
    const name = credential.quotaGroup === undefined ? `profile ${credential.id}` : `group ${credential.quotaGroup}`
    const own = places.get(name)
    if (own === undefined) places.set(name, [place])
    else own.push(place)
  }
  const members = [...places.values()].map((own) => ({
    field: fieldOf(own.flatMap((place) => targets[place] ?? [])),
    places: Int32Array.from(own),
  }))
  const weights = members.map(({ field }) => field.weights.reduce((sum, weight) => sum + weight, 0))
  const groupOf = new Int32Array(targets.length)
  for (const [group, own] of [...places.values()].entries()) for (const place of own) groupOf[place] = group
  return { field: fieldFrom([...places.keys()], weights), groupOf, members }
}
