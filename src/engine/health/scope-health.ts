import type { FailureReason, QuotaBucket } from '../../failure/index.ts'
import { LearntLimit } from '../limits/learnt-limit.ts'
import { QuotaView } from '../limits/quota-view.ts'
import type { LadderOptions, WindowKind } from './ladder.ts'
import { PeakEwma } from './peak-ewma.ts'
import { Ramp } from './ramp.ts'
import { RollingCounts } from './rolling-counts.ts'
import {
  type AttemptMark,
  afterFailure,
  afterSuccess,
  BY_HAND,
  type Cooling,
  type HalfOpen,
  hasTrial,
  type Moment,
  type StayAway,
  type Window,
  windowAt,
  withoutTrial,
  withTrial,
} from './window.ts'

/** What a window can be about: the six scopes of the failure policy. */
export type HealthScope = 'target' | 'group_model' | 'profile' | 'group' | 'model' | 'provider'

/** A window that stands at some scope. */
export interface StandingWindow {
  readonly kind: WindowKind
  readonly window: Window
}

/** Failures that open a breaker, by scope: an origin serves many models, so it takes one more to condemn it. */
const BREAKER_THRESHOLDS: Readonly<Record<HealthScope, number>> = {
  target: 2,
  group_model: 2,
  profile: 2,
  group: 2,
  model: 2,
  provider: 3,
}

/** Windows that ended so long ago, and that nobody has tried to end since, are no news. */
const FORGOTTEN_AFTER_MS = 3_600_000
/** Shared, since there is one scope for each key and each model. */
const NONE: readonly StandingWindow[] = []

/**
 * The health of one thing (a key, a model at an origin, …): its windows by kind, and the counts that open its breaker.
 *
 * Windows of different kinds stand beside each other: a key that is out of money is not back because its rate limit
 * has passed. The state changes are the pure functions of `window.ts`; this class only holds the results.
 */
export class ScopeHealth {
  readonly scope: HealthScope
  /** What it is about, readable: `openai:primary`, `https://api.openai.com gpt-5`, … */
  readonly key: string
  /** No other has it. */
  readonly name: string
  #windows: readonly StandingWindow[] = NONE
  /** Made with the first outcome: most scopes never have one. */
  #counted: RollingCounts | undefined
  #ramp: Ramp | undefined
  #latency: PeakEwma | undefined
  #learnt: LearntLimit | undefined
  #quota: QuotaView | undefined
  #holders = 0

  /** @param name scope and key */
  constructor(scope: HealthScope, key: string, name = scopeName(scope, key)) {
    this.scope = scope
    this.key = key
    this.name = name
  }

  /** Nothing is known against it. Almost always true, and cheap to ask. */
  get isQuiet(): boolean {
    return this.#windows.length === 0 && this.#ramp === undefined
  }

  /** May be forgotten: it holds no knowledge that would change a decision, and no attempt is about to report to it. */
  isPristine(now: number): boolean {
    const isIdle = (this.#counted?.isIdle(now) ?? true) && (this.#learnt?.isIdle(now) ?? true)
    return this.isQuiet && this.#holders === 0 && isIdle
  }

  /** What is known of it is so old that it may be forgotten: windows that ended long ago, and nobody has asked since. */
  isForgettable(now: number): boolean {
    if (this.#holders > 0 || this.#ramp !== undefined) return false
    return this.#windows.every(({ window }) => now > window.until + FORGOTTEN_AFTER_MS)
  }

  /** Time to the first content, milliseconds; undefined before the first answer. */
  get latency(): PeakEwma | undefined {
    return this.#latency
  }

  noteLatency(ms: number, now: number): void {
    if (this.#latency === undefined) this.#latency = new PeakEwma(ms, now)
    else this.#latency.note(ms, now)
  }

  /** What has been learnt of the provider's limit here; undefined before the first attempt. */
  get learnt(): LearntLimit | undefined {
    return this.#learnt
  }

  /** The same, from now on learning. */
  learn(): LearntLimit {
    this.#learnt ??= new LearntLimit()
    return this.#learnt
  }

  /** Headers of an answer say what is left here. */
  noteQuota(buckets: readonly QuotaBucket[], startedAt: number, now: number, learnsLimits: boolean): void {
    this.#quota ??= new QuotaView()
    this.#quota.note(buckets, startedAt, now, learnsLimits ? this.learn() : undefined)
  }

  /** By what headers say nothing is left: others go first. */
  isSpent(now: number): boolean {
    return this.#quota?.isSpent(now) ?? false
  }

  /** An attempt that will report to it begins. */
  hold(mark: AttemptMark): void {
    this.#holders += 1
    this.#ramp?.began(mark)
  }

  letGo(mark: AttemptMark): void {
    this.#holders -= 1
    this.#ramp?.ended(mark)
  }

  /** It is just back, and as many are under way as it should bear: until when, if none of them ends before. */
  rampHeldUntil(now: number): number | undefined {
    if (this.#ramp?.isOver(now)) this.#ramp = undefined
    return this.#ramp?.heldUntil(now)
  }

  /** The windows as they are now. */
  windowsAt(now: number): readonly StandingWindow[] {
    return this.#windows.flatMap(({ kind, window }) => {
      const current = windowAt(window, now)
      return current === undefined ? [] : [{ kind, window: current }]
    })
  }

  /**
   * Opens or changes the window of this kind. A breaker opens only when enough has failed, and so does `error` (an
   * unknown failure says too little at first sight), unless it is reported by hand or certain for another reason.
   * @returns the window that stands now, where this failure opened or changed it
   */
  fail(
    kind: WindowKind,
    reason: FailureReason,
    stayAway: StayAway,
    moment: Moment,
    isSure = false,
  ): Window | undefined {
    const { mark, now } = moment
    const before = this.find(kind)
    const needsCount = (kind === 'breaker' || kind === 'error') && stayAway.end === 'inferred'
    if (needsCount) this.#counts.failure(now)
    // Whoever reports by hand has decided already.
    const isCertain = isSure || mark.lease === BY_HAND
    const isEnough =
      !needsCount || isCertain || before !== undefined || this.#counts.isTripped(BREAKER_THRESHOLDS[this.scope], now)
    if (!isEnough) return undefined
    const after = afterFailure(before, reason, stayAway, moment)
    if (after === before) return undefined
    this.#put(kind, after)
    return after.state === 'cooling' ? after : undefined
  }

  /** @param newestLease of all attempts. @returns the windows that this success closed */
  succeed(attempt: AttemptMark, newestLease: number, now: number): readonly StandingWindow[] {
    this.#counts.success(now)
    if (this.isQuiet) return []
    this.#ramp?.committed()
    const closed = this.#close(({ window }) => afterSuccess(window, attempt, now) === undefined)
    return this.#comeBack(closed, newestLease, now)
  }

  /** The origin has proved to be alive without having served the request: breaker windows close if this was their trial. */
  proveAlive(attempt: AttemptMark, newestLease: number, now: number): readonly StandingWindow[] {
    const closed = this.#close(
      ({ kind, window }) => kind === 'breaker' && afterSuccess(window, attempt, now) === undefined,
    )
    return this.#comeBack(closed, newestLease, now)
  }

  /** Takes the trial of every window that is waiting for one, and, when let through regardless, of the cooling ones. */
  takeTrial(lease: number, lapsesAt: number, now: number): void {
    this.#windows = this.#windows.map(({ kind, window }) => {
      const current = windowAt(window, now) ?? window
      return { kind, window: canBeTried(current) ? withTrial(current, { lease, lapsesAt }) : current }
    })
  }

  returnTrial(lease: number): void {
    if (!this.isQuiet)
      this.#windows = this.#windows.map(({ kind, window }) => ({ kind, window: withoutTrial(window, lease) }))
  }

  /** Forgets the windows of the given kinds, or everything. @returns what was closed */
  clear(kinds?: readonly WindowKind[]): readonly StandingWindow[] {
    if (kinds === undefined) {
      this.#counted = undefined
      this.#ramp = undefined
      this.#learnt = undefined
      this.#quota = undefined
    }
    return this.#close(({ kind }) => kinds === undefined || kinds.includes(kind))
  }

  /** Someone is finding out whether it is back. */
  isOnTrial(now: number): boolean {
    return this.#windows.some(({ window }) => window.state !== 'reopened' && hasTrial(window, now))
  }

  find(kind: WindowKind): Window | undefined {
    return this.#windows.find((standing) => standing.kind === kind)?.window
  }

  get #counts(): RollingCounts {
    this.#counted ??= new RollingCounts()
    return this.#counted
  }

  #put(kind: WindowKind, window: Window): void {
    this.#windows = [...this.#windows.filter((standing) => standing.kind !== kind), { kind, window }]
  }

  /** Where a trial has succeeded, traffic comes back by ramp. */
  #comeBack(closed: readonly StandingWindow[], newestLease: number, now: number): readonly StandingWindow[] {
    if (closed.some(({ window }) => window.state === 'half_open' || (window.state === 'cooling' && isTried(window))))
      this.#ramp = new Ramp(newestLease, now)
    return closed
  }

  #close(isOver: (standing: StandingWindow) => boolean): readonly StandingWindow[] {
    const closed = this.#windows.filter(isOver)
    if (closed.length > 0) this.#windows = this.#windows.filter((standing) => !closed.includes(standing))
    return closed
  }
}

export function scopeName(scope: HealthScope, key: string): string {
  return `${scope} ${key}`
}

/** Bounds for every kind of window. */
export type Ladders = Readonly<Record<WindowKind, LadderOptions>>

/** A preset's fixed windows know no trials: there, every attempt that is let through counts alike. */
function canBeTried(window: Window): window is Cooling | HalfOpen {
  return window.state === 'half_open' || (window.state === 'cooling' && window.end !== 'fixed')
}

/** Its end was ours to find out. */
function isTried({ end }: Cooling): boolean {
  return end === 'inferred'
}
