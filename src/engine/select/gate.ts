import type { SkipCause } from '../events.ts'
import type { Demand } from '../health/profile-health.ts'
import { type Standing, standingOf } from '../health/standing.ts'
import type { Target } from '../target.ts'
import type { TargetPool } from './pool.ts'

interface GateOptions {
  /** Epoch milliseconds. */
  readonly now: number
  /** How often anything has opened before its time. */
  readonly reopenings: number
  /** May this request try it, as far as health and limits are not concerned? */
  readonly mayTry: (target: Target) => boolean
  /** Has its quota been told to be used up? */
  readonly isSpent: (target: Target, now: number) => boolean
  /** What the request will need; asked only where a limit counts it. */
  readonly demand: Demand | undefined
  /** How many of those that it refuses are to be remembered. */
  readonly maxRefused: number
}

/**
 * What one request may try of a pool now. Strategies propose and it says yes or no, so that not every target has to be
 * looked at for every choice. Indexes are those of the pool.
 */
export class Gate {
  readonly pool: TargetPool
  readonly now: number
  /** The first that were proposed and refused. */
  readonly refused: number[] = []
  readonly #options: GateOptions
  #takesSpent = false
  #hasMetSpent = false

  constructor(pool: TargetPool, options: GateOptions) {
    this.pool = pool
    this.now = options.now
    this.#options = options
  }

  /**
   * Until when each target is known to be closed, where any is. Whoever compares many may look here first; `admits`
   * knows it, too.
   */
  get closings(): Float64Array | undefined {
    return this.pool.closings(this.#options.reopenings)
  }

  admits(index: number): boolean {
    if (this.allows(index)) {
      if (this.#takesSpent || !this.isSpent(index)) return true
      this.#hasMetSpent = true
    }
    if (this.refused.length < this.#options.maxRefused) this.remember(index)
    return false
  }

  /** It was passed over, and that is worth to be told however many others were. */
  remember(index: number): void {
    if (this.#options.maxRefused > 0 && !this.refused.includes(index)) this.refused.push(index)
  }

  /** The same whether its quota is spent or not. */
  allows(index: number): boolean {
    if (this.#isKnownClosed(index)) return false
    const target = this.pool.targets[index]
    return target !== undefined && this.#options.mayTry(target) && this.against(index) === undefined
  }

  /** The first that is admitted from an index up to (not with) an end; -1 if there is none. */
  next(from: number, end: number): number {
    for (let index = from; index < end; index += 1) {
      // Those that are known to be closed have to be met only where they are to be remembered.
      if (this.refused.length >= this.#options.maxRefused) index = this.#possible(index, end)
      if (index < end && this.admits(index)) return index
    }
    return -1
  }

  /** The first of all; those whose quota is spent come last. */
  first(): number {
    const first = this.next(0, this.pool.size)
    if (first !== -1 || !this.#hasMetSpent) return first
    this.#takesSpent = true
    return this.next(0, this.pool.size)
  }

  /** What health and limits have against it, whoever asks; undefined if it is open. */
  against(index: number): SkipCause | undefined {
    if (this.#isKnownClosed(index)) return this.pool.causeOf(index)
    const target = this.pool.targets[index]
    if (target === undefined) return undefined
    const cause = causeOf(standingOf(target, this.now, this.#options.demand))
    // A window stays until its end; what else holds may let go at any moment.
    if (cause?.kind === 'cooling') this.pool.noteClosed(index, cause.until, cause)
    return cause
  }

  /** Has its quota been told to be used up? */
  isSpent(index: number): boolean {
    const target = this.pool.targets[index]
    return target !== undefined && this.#options.isSpent(target, this.now)
  }

  /** All that is open is spent, so that it does not matter. */
  get takesSpent(): boolean {
    return this.#takesSpent
  }

  /** The next that is not known to be closed. */
  #possible(from: number, end: number): number {
    const { closings, now } = this
    return closings === undefined ? from : possible(closings, now, Math.max(from, this.pool.firstPossible(now)), end)
  }

  #isKnownClosed(index: number): boolean {
    const { closings } = this
    return closings !== undefined && (closings[index] ?? 0) > this.now
  }
}

/** All that is done for each of thousands is in here. */
function possible(closings: Float64Array, now: number, from: number, end: number): number {
  let index = from
  while (index < end && (closings[index] ?? 0) > now) index += 1
  return index
}

function causeOf(standing: Standing): SkipCause | undefined {
  switch (standing.state) {
    case 'open':
    case 'trial':
      return undefined
    case 'on_trial':
      return { kind: 'on_trial', scope: standing.scope, reason: standing.reason }
    case 'cooling':
      return { kind: 'cooling', scope: standing.scope, reason: standing.reason, until: standing.until }
    case 'limited': {
      const { limit, until } = standing
      return { kind: 'limited', limit, ...(until !== undefined && { until }) }
    }
    case 'profile_disabled':
      return { kind: 'profile_disabled', reason: standing.reason }
  }
}
