import type { Lease, TargetRef } from '../../src/index.ts'
import { checkWindows, type Knowledge } from './attempt-rules.ts'
import { type Entries, settle } from './meter.ts'
import type { KnownTarget } from './mirror.ts'
import { nameOf } from './records.ts'
import { limitNames } from './trouble-book.ts'
import type { Holder } from './window-book.ts'

/** Whoever is under way with a target. */
export interface Trying extends Holder {
  readonly known: KnownTarget
  /** How it is counted. */
  entries: Entries
}

interface Lent extends Trying {
  readonly target: TargetRef
}

/** The leases that have been handed out. No event tells of them; whoever takes and ends them does. */
export class LeaseBook {
  readonly #knowledge: Knowledge
  readonly #lapseMs: number
  readonly #lent = new Set<Lent>()
  /** Whoever has one may still come back with it, late as it is. */
  readonly #everLent = new Map<Lease, Lent>()
  /** The one that is being ended at this moment. */
  returning: Lent | undefined

  constructor(knowledge: Knowledge, lapseMs: number) {
    this.#knowledge = knowledge
    this.#lapseMs = lapseMs
  }

  lent(lease: Lease, known: KnownTarget, order: number, now: number): void {
    this.lapse(now)
    const { report, mirror, ramps } = this.#knowledge
    const name = `a lease for ${nameOf(lease.target)}`
    if (known.profile.isDisabled) report('out_of_use_is_left_alone', `${name}: it is disabled`)
    const limit = mirror.brokenLimit(known.profile, now)
    if (limit !== undefined) report('limits_hold', `${name} breaks ${limit}`)
    if (ramps.isFull(known, now)) report('comebacks_are_gentle', `${name} is one too many for what is just back`)
    checkWindows(this.#knowledge, known, lease.isTrial ? 'trial' : 'regular', now, name)
    const lent: Lent = { target: lease.target, known, entries: [], startedAt: now, order }
    begin(this.#knowledge, lent, { isTrial: lease.isTrial, reservedTokens: 0 })
    this.#lent.add(lent)
    this.#everLent.set(lease, lent)
  }

  /** A lease ends by what is called. */
  returned(lease: Lease, now: number, end: () => void): void {
    const lent = this.#everLent.get(lease)
    this.returning = lent
    // Should it succeed, it has committed as its windows end.
    if (lent !== undefined) this.#knowledge.ramps.committed(lent, now)
    try {
      end()
    } finally {
      this.returning = undefined
      if (lent !== undefined) this.#end(lent)
    }
  }

  /** Leases that nobody ended are over after the attempt limit. */
  lapse(now: number): void {
    for (const lent of this.#lent) if (now >= lent.startedAt + this.#lapseMs) this.#end(lent)
  }

  #end(lent: Lent): void {
    if (!this.#lent.delete(lent)) return
    // Nobody says what came of it: it may not have reached anyone.
    settle(lent.entries, 0, false)
    this.#knowledge.ramps.left(lent)
    this.#knowledge.windows.giveBack(lent)
  }
}

/** Something is under way: it counts against the limits and may be a trial. */
export function begin(
  { mirror, windows, troubles, ramps }: Knowledge,
  holder: Trying,
  { isTrial, reservedTokens }: { readonly isTrial: boolean; readonly reservedTokens: number },
): void {
  const { profile } = holder.known
  const now = holder.startedAt
  holder.entries = mirror.begin(profile, now, reservedTokens)
  if (!mirror.hasRoom(profile, now)) for (const name of limitNames(profile)) troubles.note(name, holder.order)
  ramps.began(holder, now)
  if (isTrial) windows.take(windows.against(holder.known, now), holder)
}
