import { LearntLimit } from '../../src/engine/limits/learnt-limit.ts'
import type { ProviderLimit } from './provider-limits.ts'

/** As the engine's ladder for rate limits, without chance. */
const LADDER_MS = [5_000, 10_000, 20_000, 40_000, 80_000, 160_000, 300_000]
const TRIAL_LAPSE_MS = 30_000
const RAMP_MS = 30_000
const RAMP_BEGIN = 2

interface Window {
  readonly since: number
  readonly until: number
  /** Then one request finds out whether it is over. */
  readonly isInferred: boolean
}

/** A key as the engine sees it: the windows of the health policy, reduced to rate limits. Times are epoch milliseconds. */
export class LabKey {
  readonly limit: ProviderLimit
  usedAt = Number.NEGATIVE_INFINITY
  readonly #learnt = new LearntLimit()
  #window: Window | undefined
  #rung = -1
  #trial: { readonly startedAt: number; readonly lapsesAt: number } | undefined
  #inFlight = 0
  #ramp: { readonly endsAt: number; room: number } | undefined

  constructor(limit: ProviderLimit) {
    this.limit = limit
  }

  /** When it may be tried, as far as can be foreseen. */
  opensAt(now: number): number {
    const window = this.#window
    if (window !== undefined && now < window.until) return window.until
    if (window?.isInferred && this.#trial !== undefined && now < this.#trial.lapsesAt) return this.#trial.lapsesAt
    const ramp = this.#ramp
    if (ramp !== undefined && now < ramp.endsAt && this.#inFlight >= ramp.room) return ramp.endsAt
    return this.#learnt.nextAt(now)
  }

  begin(now: number): void {
    this.usedAt = now
    this.#inFlight += 1
    if (this.#window?.isInferred) this.#trial = { startedAt: now, lapsesAt: now + TRIAL_LAPSE_MS }
    else this.#window = undefined
    this.#learnt.began(now)
  }

  accept(startedAt: number, now: number): void {
    this.#inFlight -= 1
    if (this.#trial?.startedAt === startedAt) {
      this.#trial = undefined
      this.#window = undefined
      this.#ramp = { room: RAMP_BEGIN, endsAt: now + RAMP_MS }
    } else if (this.#ramp !== undefined) this.#ramp.room += 1
    if (this.#window === undefined) this.#rung = -1
  }

  refuse(startedAt: number, now: number, hintMs: number | undefined): void {
    this.#inFlight -= 1
    if (this.#trial?.startedAt === startedAt) this.#trial = undefined
    const before = this.#window
    const stated =
      hintMs === undefined ? undefined : Math.max(now + hintMs, before?.isInferred ? 0 : (before?.until ?? 0))
    this.#learnt.refused(startedAt, now, stated)
    if (stated !== undefined) this.#window = { since: now, until: stated, isInferred: false }
    else if (before === undefined || startedAt > before.since) this.#window = this.#unstated(now)
  }

  #unstated(now: number): Window {
    if (this.#learnt.explains(now)) return { since: now, until: this.#learnt.nextAt(now), isInferred: false }
    this.#rung = Math.min(this.#rung + 1, LADDER_MS.length - 1)
    return { since: now, until: now + (LADDER_MS[this.#rung] ?? 0), isInferred: true }
  }
}
