import type { FailureReason } from '../../failure/index.ts'
import { ConfiguredLimits, type Reservation } from '../limits/configured-limits.ts'
import type { Hold } from '../limits/hold.ts'
import type { Profile } from '../profile.ts'
import type { Usage } from '../provider.ts'
import { NO_SLOT, type Tallies } from './tallies.ts'

/** How much the latest answer counts in the average of latencies. */
const LATENCY_WEIGHT = 0.2

/** What a request will need, as far as somebody can tell; asked only where a limit counts it. */
export interface Demand {
  readonly estimatedTokens: number | undefined
}

/** What is known of one profile besides its windows: what it did, how it ended last, whether it is switched off. */
export class ProfileHealth {
  readonly limits: ConfiguredLimits
  /** What its quota group shares, where that has limits. */
  groupLimits: ConfiguredLimits | undefined
  disabled: { readonly reason: string; readonly since: number } | undefined
  /** Failures since the last success. */
  consecutiveFailures = 0
  requests = 0
  successes = 0
  failures = 0
  inputTokens = 0
  outputTokens = 0
  lastUsedAt: number | undefined
  /** Time to the first content, milliseconds: a moving average. */
  latencyMs: number | undefined
  lastError: { readonly reason: FailureReason; readonly message: string; readonly at: number } | undefined

  #profile: Profile
  readonly #tallies: Tallies
  #slot: number
  #isRetired = false

  constructor(profile: Profile, tallies: Tallies) {
    this.#profile = profile
    this.#tallies = tallies
    this.#slot = tallies.open()
    this.limits = new ConfiguredLimits(profile.limits)
  }

  /** The profile as it is now. */
  get profile(): Profile {
    return this.#profile
  }

  /** Where its tallies stand. */
  get slot(): number {
    return this.#slot
  }

  /** The profile is gone; its slot is free once nothing is under way. */
  retire(): void {
    this.#isRetired = true
    this.#freeSlot()
  }

  change(profile: Profile): void {
    this.#profile = profile
    this.limits.configure(profile.limits)
  }

  /** Usage of something that was not reserved. */
  spend(usage: Usage, now: number): void {
    this.note({ usage })
    const tokens = tokensOf(usage) ?? 0
    this.limits.spend(tokens, now)
    this.groupLimits?.spend(tokens, now)
  }

  /** Does any of its limits count tokens? */
  get countsTokens(): boolean {
    return this.limits.countsTokens || this.groupLimits?.countsTokens === true
  }

  /** Which limit of its own or of its group holds the next request back; undefined if none does. */
  heldBy(now: number, demand?: Demand): Hold | undefined {
    const tokens = demand !== undefined && this.countsTokens ? demand.estimatedTokens : undefined
    return this.limits.heldBy(now, tokens) ?? this.groupLimits?.heldBy(now, tokens)
  }

  /** @returns what `end` or `giveBack` is to be told */
  begin(now: number, estimatedTokens?: number): Reservation {
    this.requests += 1
    this.lastUsedAt = now
    if (this.#slot !== NO_SLOT) this.#tallies.begin(this.#slot)
    return this.limits.begin(now, estimatedTokens)
  }

  /** @param usedTokens undefined where that is not known */
  end(reservation: Reservation, usedTokens: number | undefined, now: number): void {
    this.limits.settle(reservation, usedTokens, now)
    this.#ended()
  }

  /** The provider was never reached. */
  giveBack(reservation: Reservation, now: number): void {
    this.limits.giveBack(reservation, now)
    this.#ended()
  }

  #ended(): void {
    if (this.#slot !== NO_SLOT) this.#tallies.end(this.#slot)
    this.#freeSlot()
  }

  /** Books what an answer cost and how fast it came, as far as it is known. */
  note({ usage, latencyMs }: { readonly usage?: Usage; readonly latencyMs?: number }): void {
    this.inputTokens += counted(usage?.inputTokens)
    this.outputTokens += counted(usage?.outputTokens)
    if (latencyMs !== undefined)
      this.latencyMs = (this.latencyMs ?? latencyMs) * (1 - LATENCY_WEIGHT) + latencyMs * LATENCY_WEIGHT
  }

  succeed(): void {
    this.successes += 1
    this.consecutiveFailures = 0
  }

  fail(reason: FailureReason, message: string, now: number): void {
    this.failures += 1
    this.consecutiveFailures += 1
    this.lastError = { reason, message, at: now }
  }

  forgetErrors(): void {
    this.consecutiveFailures = 0
    this.lastError = undefined
  }

  #freeSlot(): void {
    if (!this.#isRetired || this.#slot === NO_SLOT || this.limits.inFlight > 0) return
    this.#tallies.close(this.#slot)
    this.#slot = NO_SLOT
  }
}

/** Input and output together; undefined where nothing is known. */
export function tokensOf(usage: Usage | undefined): number | undefined {
  if (usage === undefined) return undefined
  const tokens = counted(usage.inputTokens) + counted(usage.outputTokens)
  return tokens > 0 ? tokens : undefined
}

/** Counts come from providers' own functions. */
function counted(tokens: unknown): number {
  return typeof tokens === 'number' && Number.isFinite(tokens) && tokens > 0 ? tokens : 0
}
