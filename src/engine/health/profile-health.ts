import type { FailureReason } from '../../failure/index.ts'
import { ProfileLimiter } from '../limits/profile-limiter.ts'
import type { Profile } from '../profile.ts'
import type { Usage } from '../provider.ts'
import { NO_SLOT, type Tallies } from './tallies.ts'

/** How much the latest answer counts in the average of latencies. */
const LATENCY_WEIGHT = 0.2

/** What is known of one profile besides its windows: what it did, how it ended last, whether it is switched off. */
export class ProfileHealth {
  readonly limiter: ProfileLimiter
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
    this.limiter = new ProfileLimiter(profile.limits)
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
    this.limiter.configure(profile.limits)
  }

  begin(now: number): void {
    this.requests += 1
    this.lastUsedAt = now
    this.limiter.begin(now)
    if (this.#slot !== NO_SLOT) this.#tallies.begin(this.#slot)
  }

  end(): void {
    this.limiter.end()
    if (this.#slot !== NO_SLOT) this.#tallies.end(this.#slot)
    this.#freeSlot()
  }

  /** Books what an answer cost and how fast it came, as far as it is known. */
  note({ usage, latencyMs }: { readonly usage?: Usage; readonly latencyMs?: number }, now: number): void {
    const input = counted(usage?.inputTokens)
    const output = counted(usage?.outputTokens)
    this.inputTokens += input
    this.outputTokens += output
    this.limiter.spend(input + output, now)
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
    if (!this.#isRetired || this.#slot === NO_SLOT || this.limiter.inFlight > 0) return
    this.#tallies.close(this.#slot)
    this.#slot = NO_SLOT
  }
}

/** Counts come from providers' own functions. */
function counted(tokens: unknown): number {
  return typeof tokens === 'number' && Number.isFinite(tokens) && tokens > 0 ? tokens : 0
}
