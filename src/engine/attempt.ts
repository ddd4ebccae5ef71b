import { FailoverError, isRecord, type QuotaBucket, type TimeoutPhase } from '../failure/index.ts'
import type { ResumeMode } from '../recovery/index.ts'
import { AttemptEntry } from './attempt-entry.ts'
import { Cancellation } from './cancellation.ts'
import type { Clock } from './clock.ts'
import type { Engine } from './engine.ts'
import type { AttemptKind } from './events.ts'
import type { Lease } from './lease.ts'
import type { Settings } from './options.ts'
import type { CommitRule } from './provider.ts'
import type { Target } from './target.ts'

/** A limit on how long something may take. */
export interface AttemptLimit {
  readonly phase: TimeoutPhase
  readonly ms: number
  /** It is shorter than configured, because the request's own deadline comes first: running out proves nothing. */
  readonly isCutShort: boolean
}

type AttemptEngine = Pick<Engine, 'bindings' | 'clock' | 'settings'>

/** One try of one target, from its first byte to its last. Its signal ends everything that it has started. */
export class Attempt {
  readonly lease: Lease
  readonly number: number
  readonly record: AttemptEntry
  /** Kinds of bindings that its target cannot serve, to be left out of the request. */
  readonly dropped: readonly string[] | undefined
  readonly #engine: AttemptEngine
  readonly #cancellation = new Cancellation()
  /** The profile's key as it was when the attempt was made; undefined where it has none. */
  apiKey: string | undefined
  /** Told when the first content is here, if that is not yet its commit. */
  watcher: { onContent(): void } | undefined
  #hasContent = false
  #activeAt: number

  constructor(
    engine: AttemptEngine,
    lease: Lease,
    number: number,
    kind: AttemptKind,
    { dropped, resume }: { readonly dropped?: readonly string[] | undefined; readonly resume?: ResumeMode | undefined },
  ) {
    this.#engine = engine
    this.lease = lease
    this.number = number
    this.dropped = dropped
    this.record = new AttemptEntry(lease.target.ref, lease.startedAt, kind)
    if (resume !== undefined) this.record.resume = resume
    this.#activeAt = lease.startedAt
  }

  get target(): Target {
    return this.lease.target
  }

  get settings(): Settings {
    return this.#engine.settings
  }

  get clock(): Clock {
    return this.#engine.clock
  }

  /** What nothing that comes of it may show. */
  get secrets(): readonly string[] {
    return this.apiKey === undefined ? [] : [this.apiKey]
  }

  /** How long its transport may take to connect, milliseconds. */
  get connectMs(): number {
    return this.#engine.settings.timeouts.connectMs
  }

  /** How it goes on with an answer that broke off; undefined where it begins one. */
  get resume(): ResumeMode | undefined {
    return this.record.resume
  }

  /** How long its stream is held back after the first content; undefined: not at all. */
  get commitRule(): CommitRule | undefined {
    const { stream, timeouts } = this.#engine.settings
    const { minCharactersPerSecond, throughputMs } = timeouts
    const isPlain = stream.holdBackMs === 0 && minCharactersPerSecond === 0
    // Who waits for the rest of an answer has waited already.
    if (isPlain || this.resume !== undefined) return undefined
    return { holdBackMs: stream.holdBackMs, minCharactersPerSecond, throughputMs }
  }

  get signal(): AbortSignal {
    return this.#cancellation.signal
  }

  get isAborted(): boolean {
    return this.#cancellation.isCanceled
  }

  /** As `AbortSignal.throwIfAborted`. */
  throwIfAborted(): void {
    if (this.#cancellation.isCanceled) throw this.#cancellation.reason
  }

  /** Told once, when it is aborted, for what can be trusted not to throw. */
  whenAborted(listener: () => void): void {
    this.#cancellation.add(listener)
  }

  /** As the abort event of `signal`, without the signal. What a listener throws disturbs nobody. */
  onAbort(listener: (reason: unknown) => void): void {
    this.#cancellation.add(() => {
      try {
        listener(this.#cancellation.reason)
      } catch {}
    })
  }

  get elapsedMs(): number {
    return this.#engine.clock.now() - this.record.startedAt
  }

  /** When the provider last gave a sign of life, epoch milliseconds. */
  get activeAt(): number {
    return this.#activeAt
  }

  /** When it has been silent for too long, epoch milliseconds. */
  get idleAt(): number {
    return this.#activeAt + this.#engine.settings.timeouts.idleMs
  }

  /** When it has taken too long as a whole, epoch milliseconds. */
  get endsAt(): number {
    return this.record.startedAt + this.#engine.settings.timeouts.attemptMs
  }

  /** Which of the two has run out; one has. */
  limitRunOut(now: number): AttemptLimit {
    const { attemptMs, idleMs } = this.#engine.settings.timeouts
    return this.idleAt <= now
      ? { phase: 'idle', ms: idleMs, isCutShort: false }
      : { phase: 'attempt', ms: attemptMs, isCutShort: false }
  }

  /** A sign of life came, if only a comment or a ping: that feeds the idle limit and nothing else. */
  noteActivity(): void {
    this.#activeAt = this.#engine.clock.now()
  }

  /** Its first content is here, although it is held back. */
  get hasContent(): boolean {
    return this.#hasContent
  }

  noteContent(): void {
    if (this.#hasContent) return
    this.#hasContent = true
    this.noteActivity()
    this.watcher?.onContent()
  }

  /** What the answer says of the provider's limits. */
  noteQuota(buckets: readonly QuotaBucket[]): void {
    this.lease.noteQuota(buckets)
  }

  /** What the answer made can be found again only where it was made. */
  noteBinding(id: string): void {
    this.#engine.bindings?.note(id, this.target)
  }

  abort(reason: unknown): void {
    this.#cancellation.cancel(reason)
  }

  /**
   * Waits for work that no request stands behind, no longer than its limit. Whichever comes first, the timer is gone, and
   * work that comes too late has been told to stop.
   */
  within<T>(limit: AttemptLimit, work: Promise<T>): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      const cancelTimer = this.#engine.clock.setTimer(() => {
        const error = new AttemptTimeout(limit)
        this.abort(error)
        reject(error)
      }, limit.ms)
      work.finally(cancelTimer).then(resolve, reject)
    })
  }

  /** Its first content came; that decides its trial. */
  commit(now: number): void {
    const afterMs = now - this.record.startedAt
    this.record.noteCommit(afterMs)
    this.lease.commit(afterMs, now)
  }

  end(outcome: 'succeeded' | 'failed' | 'canceled', now: number = this.#engine.clock.now()): void {
    this.#cancellation.release()
    this.record.outcome = outcome
    this.record.durationMs = now - this.record.startedAt
  }
}

/** One of our own limits ran out. */
export class AttemptTimeout extends FailoverError {
  readonly limit: AttemptLimit

  constructor(limit: AttemptLimit) {
    const what = limit.phase === 'throughput' ? 'too little came' : 'nothing came'
    super('TIMEOUT', `${what} within ${limit.ms} ms (${limit.phase} limit)`, {
      reason: 'timeout',
      isRetryable: true,
    })
    this.limit = limit
  }
}

/** Which of our own limits an error is about. */
export function timeoutPhaseOf(error: unknown): TimeoutPhase | undefined {
  if (error instanceof AttemptTimeout) return error.limit.phase
  // The transport enforces the limit on connecting, and says so in the cause.
  const cause = error instanceof FailoverError && error.code === 'TIMEOUT' ? error.cause : undefined
  return isRecord(cause) && cause.timeoutPhase === 'connect' ? 'connect' : undefined
}
