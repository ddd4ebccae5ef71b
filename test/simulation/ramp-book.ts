import type { FailoverEventOf } from '../../src/index.ts'
import { type KnownTarget, scopesOf } from './mirror.ts'
import type { Holder, KnownWindow } from './window-book.ts'

/** In flight at first; doubled each second; open from so many. */
const FIRST = 2
const DOUBLING_MS = 1_000
const OPEN_AT = 32
/** By then it has been doubled until it is open. */
const LONGEST_MS = 4_000

interface Ramp {
  readonly since: number
  /** Only what begins after it counts. */
  readonly order: number
  /** Whose success it began with. */
  readonly trial: Holder | undefined
  readonly inFlight: Set<Holder>
  committed: number
  /** Somebody may have put an end to it by hand. */
  isCertain: boolean
}

/** How traffic comes back, scope by scope, after a trial has succeeded. */
export class RampBook {
  readonly #ramps = new Map<string, Ramp>()

  /** A window has ended. Where its end was inferred, its trial has succeeded. */
  windowEnded(
    { scope, key, by, at }: FailoverEventOf<'cooldown_ended'>,
    window: KnownWindow | undefined,
    order: number,
  ): void {
    if (window?.started.end !== 'inferred' || (by !== 'success' && by !== 'proof_of_life')) return
    // Where somebody else has proved it alive, the trial may still succeed, and counts like any other.
    const trial = by === 'success' ? window.trial : undefined
    const ramp: Ramp = { since: at, order, trial, inFlight: new Set(), committed: 0, isCertain: true }
    this.#ramps.set(`${scope} ${key}`, ramp)
  }

  /** Somebody has forgotten things by hand. */
  doubt(): void {
    for (const ramp of this.#ramps.values()) ramp.isCertain = false
  }

  /** May a target be held back? */
  mayHold(target: KnownTarget, now: number): boolean {
    return this.#against(target, now).length > 0
  }

  /** Would one more attempt be one too many? */
  isFull(target: KnownTarget, now: number): boolean {
    return this.#against(target, now).some((ramp) => ramp.isCertain && ramp.inFlight.size >= limitOf(ramp, now))
  }

  began(holder: Holder & { readonly known: KnownTarget }, now: number): void {
    for (const { inFlight } of this.#against(holder.known, now)) inFlight.add(holder)
  }

  committed(holder: Holder & { readonly known: KnownTarget }, now: number): void {
    for (const ramp of this.#against(holder.known, now)) if (ramp.trial !== holder) ramp.committed += 1
  }

  left(holder: Holder): void {
    for (const { inFlight } of this.#ramps.values()) inFlight.delete(holder)
  }

  #against(target: KnownTarget, now: number): Ramp[] {
    if (this.#ramps.size === 0) return []
    for (const [scope, { since }] of this.#ramps) if (now - since > LONGEST_MS) this.#ramps.delete(scope)
    return [...scopesOf(target)].flatMap((scope) => this.#ramps.get(scope) ?? [])
  }
}

function limitOf({ since, committed }: Ramp, now: number): number {
  const limit = FIRST * 2 ** Math.floor((now - since) / DOUBLING_MS) + committed
  return limit >= OPEN_AT ? Number.POSITIVE_INFINITY : limit
}
