import type { Lease, TargetRef } from '../../src/index.ts'
import { checkWindows, type Knowledge } from './attempt-rules.ts'
import { brokenLimit, type KnownTarget } from './mirror.ts'
import { nameOf } from './records.ts'
import type { Holder } from './window-book.ts'

interface Lent extends Holder {
  readonly lease: Lease
  readonly target: TargetRef
  readonly known: KnownTarget
}

/** The leases that have been handed out. No event tells of them; whoever takes and ends them does. */
export class LeaseBook {
  readonly #knowledge: Knowledge
  readonly #lapseMs: number
  readonly #lent = new Set<Lent>()
  /** The one that is being ended at this moment. */
  returning: Lent | undefined

  constructor(knowledge: Knowledge, lapseMs: number) {
    this.#knowledge = knowledge
    this.#lapseMs = lapseMs
  }

  lent(lease: Lease, known: KnownTarget, order: number, now: number): void {
    this.lapse(now)
    const { report } = this.#knowledge
    const name = `a lease for ${nameOf(lease.target)}`
    if (known.profile.isDisabled) report('out_of_use_is_left_alone', `${name}: it is disabled`)
    const limit = brokenLimit(known.profile, now)
    if (limit !== undefined) report('limits_hold', `${name} breaks ${limit}`)
    checkWindows(this.#knowledge, known, lease.isTrial ? 'trial' : 'regular', now, name)
    const lent: Lent = { lease, target: lease.target, known, startedAt: now, order }
    begin(this.#knowledge, lent, lease.isTrial, now)
    this.#lent.add(lent)
  }

  /** A lease ends by what is called. */
  returned(lease: Lease, end: () => void): void {
    const lent = [...this.#lent].find((each) => each.lease === lease)
    this.returning = lent
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
    lent.known.profile.inFlight -= 1
    this.#knowledge.windows.giveBack(lent)
  }
}

/** Something is under way: it counts against the limits and may be a trial. */
export function begin(
  { windows }: Knowledge,
  holder: Holder & { readonly known: KnownTarget },
  isTrial: boolean,
  now: number,
): void {
  const { profile } = holder.known
  profile.inFlight += 1
  profile.starts.push(now)
  if (isTrial) windows.take(windows.against(holder.known, now), holder)
}
