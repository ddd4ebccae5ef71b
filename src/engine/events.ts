import type { FailoverErrorCode, Failure, FailureReason, TargetRef } from '../failure/index.ts'
import type { DisarmedBy, ResumeMode } from '../recovery/index.ts'
import type { WindowKind } from './health/ladder.ts'
import type { HealthScope } from './health/scope-health.ts'
import type { WindowEnd } from './health/window.ts'
import type { LimitName } from './limits/hold.ts'
import type { Usage } from './provider.ts'
import { messageOf } from './readable.ts'

/** Why a target was passed over. Times are epoch milliseconds. */
export type SkipCause =
  | { readonly kind: 'cooling'; readonly scope: HealthScope; readonly reason: FailureReason; readonly until: number }
  | { readonly kind: 'on_trial'; readonly scope: HealthScope; readonly reason: FailureReason }
  | { readonly kind: 'limited'; readonly limit: LimitName; readonly until?: number }
  | { readonly kind: 'profile_disabled'; readonly reason: string }
  | { readonly kind: 'provider_disabled'; readonly reason: string }
  | { readonly kind: 'provider_not_registered' }
  /** Its quota is told to be used up, so that it comes last; another one of its model was open. */
  | { readonly kind: 'quota_spent' }
  /** What the request refers to exists elsewhere; `binding` says what kind of thing that is. */
  | { readonly kind: 'bound_elsewhere'; readonly binding: string }
  /** It cannot serve this request, whatever its health. */
  | { readonly kind: 'provider_unfit'; readonly reason: string }

/** Why a request tries a target it would otherwise leave alone, or tries it at all. */
export type AttemptKind =
  /** it is open */
  | 'regular'
  /** the same target again, after a failure of this request */
  | 'retry'
  /** its window has run out; this attempt decides whether it is back */
  | 'trial'
  /** its window is still open but there is no alternative: the sole target, or everything is out by breaker windows */
  | 'panic'

/** Why nobody goes on with an answer that broke off. */
export type RecoveryFailureCause =
  /** `recovery.midStream` is off */
  | 'off'
  /** its provider does not say how (`Provider.recovery`), or whoever reads it cannot */
  | 'not_supported'
  /** what was delivered cannot be gone on with; `disarmedBy` says why */
  | 'disarmed'
  /** the failure is the request's own: it would be the same elsewhere */
  | 'rejected'
  /** everything that could be asked has been asked, or is out */
  | 'exhausted'

/**
 * The story of everything the engine does, one closed union. `at` is epoch milliseconds; `requestId` ties a request's
 * events together and is absent where none is concerned. No event carries a key or any text of a prompt or an answer.
 */
export type FailoverEvent =
  | {
      readonly type: 'request_started'
      readonly at: number
      readonly requestId: string
      readonly model: string
      readonly chain: readonly string[]
      readonly deadlineAt: number
    }
  | {
      readonly type: 'target_skipped'
      readonly at: number
      readonly requestId: string
      readonly target: TargetRef
      readonly cause: SkipCause
    }
  | {
      readonly type: 'bindings_dropped'
      readonly at: number
      readonly requestId: string
      readonly target: TargetRef
      readonly kinds: readonly string[]
    }
  | {
      readonly type: 'attempt_started'
      readonly at: number
      readonly requestId: string
      readonly target: TargetRef
      readonly attempt: number
      readonly kind: AttemptKind
      /** It goes on with an answer that broke off. */
      readonly resume?: ResumeMode
    }
  | {
      readonly type: 'attempt_committed'
      readonly at: number
      readonly requestId: string
      readonly target: TargetRef
      readonly attempt: number
      readonly durationMs: number
    }
  | {
      readonly type: 'attempt_succeeded'
      readonly at: number
      readonly requestId: string
      readonly target: TargetRef
      readonly attempt: number
      readonly durationMs: number
      readonly usage?: Usage
    }
  | {
      readonly type: 'attempt_failed'
      readonly at: number
      readonly requestId: string
      readonly target: TargetRef
      readonly attempt: number
      readonly durationMs: number
      readonly isCommitted: boolean
      readonly failure: Failure
      /** What it cost, as far as the provider had told. */
      readonly usage?: Usage
    }
  | {
      readonly type: 'attempt_canceled'
      readonly at: number
      readonly requestId: string
      readonly target: TargetRef
      readonly attempt: number
      readonly durationMs: number
      readonly isCommitted: boolean
    }
  | {
      readonly type: 'failover'
      readonly at: number
      readonly requestId?: string
      readonly from: TargetRef
      readonly to: TargetRef
      readonly failure: Failure
    }
  /** An answer broke off after its first content, and another attempt is looked for that goes on with it. */
  | {
      readonly type: 'recovery_started'
      readonly at: number
      readonly requestId: string
      /** What broke off. */
      readonly target: TargetRef
      readonly attempt: number
      /** Of the latest failure; undefined where the attempt only differed. */
      readonly reason?: FailureReason
    }
  /** An attempt that was to go on with it says something else than what was delivered. */
  | {
      readonly type: 'recovery_diverged'
      readonly at: number
      readonly requestId: string
      readonly target: TargetRef
      readonly attempt: number
      readonly resume: ResumeMode
      /** How many agreed. */
      readonly characters: number
    }
  /** Another attempt has gone on with it: the first thing came that its caller had not got. */
  | {
      readonly type: 'recovery_succeeded'
      readonly at: number
      readonly requestId: string
      readonly target: TargetRef
      readonly attempt: number
      readonly resume: ResumeMode
      /** Since it broke off. */
      readonly durationMs: number
    }
  /** Nobody goes on with it. */
  | {
      readonly type: 'recovery_failed'
      readonly at: number
      readonly requestId: string
      readonly cause: RecoveryFailureCause
      readonly disarmedBy?: DisarmedBy
    }
  | {
      readonly type: 'request_waiting'
      readonly at: number
      readonly requestId: string
      readonly until: number
      readonly cause: 'backoff' | 'nothing_open'
    }
  | {
      readonly type: 'request_succeeded'
      readonly at: number
      readonly requestId: string
      readonly target: TargetRef
      readonly attempts: number
      readonly durationMs: number
    }
  | {
      readonly type: 'request_failed'
      readonly at: number
      readonly requestId: string
      readonly code: FailoverErrorCode
      readonly attempts: number
      readonly durationMs: number
      readonly nextAvailableAt?: number
    }
  | {
      readonly type: 'request_canceled'
      readonly at: number
      readonly requestId: string
      readonly attempts: number
      readonly durationMs: number
    }
  | {
      readonly type: 'cooldown_started'
      readonly at: number
      readonly requestId?: string
      readonly scope: HealthScope
      readonly key: string
      readonly kind: WindowKind
      readonly reason: FailureReason
      readonly until: number
      readonly end: WindowEnd
      readonly rung: number
    }
  | {
      readonly type: 'cooldown_ended'
      readonly at: number
      readonly scope: HealthScope
      readonly key: string
      readonly kind: WindowKind
      /** `incident`: another window has taken its place, since its origin refuses good keys, or does not after all. */
      readonly by: 'success' | 'proof_of_life' | 'reset' | 'key_change' | 'incident'
    }
  | { readonly type: 'probe_started'; readonly at: number; readonly target: TargetRef }
  | { readonly type: 'probe_succeeded'; readonly at: number; readonly target: TargetRef; readonly durationMs: number }
  | {
      readonly type: 'probe_failed'
      readonly at: number
      readonly target: TargetRef
      readonly durationMs: number
      readonly failure: Failure
    }
  | {
      readonly type:
        | 'credential_fetched'
        | 'credential_failed'
        | 'profile_added'
        | 'profile_removed'
        | 'profile_changed'
        | 'profile_reset'
        | 'profile_enabled'
      readonly at: number
      readonly profile: string
    }
  | { readonly type: 'profile_disabled'; readonly at: number; readonly profile: string; readonly reason: string }
  | { readonly type: 'strategy_failed'; readonly at: number; readonly strategy: string; readonly message: string }
  | { readonly type: 'listener_failed'; readonly at: number; readonly event: string; readonly message: string }

export type FailoverEventType = FailoverEvent['type']

/** Every kind of event there is. */
export const EVENT_TYPES = Object.keys({
  request_started: true,
  target_skipped: true,
  bindings_dropped: true,
  attempt_started: true,
  attempt_committed: true,
  attempt_succeeded: true,
  attempt_failed: true,
  attempt_canceled: true,
  failover: true,
  recovery_started: true,
  recovery_diverged: true,
  recovery_succeeded: true,
  recovery_failed: true,
  request_waiting: true,
  request_succeeded: true,
  request_failed: true,
  request_canceled: true,
  cooldown_started: true,
  cooldown_ended: true,
  probe_started: true,
  probe_succeeded: true,
  probe_failed: true,
  credential_fetched: true,
  credential_failed: true,
  profile_added: true,
  profile_removed: true,
  profile_changed: true,
  profile_reset: true,
  profile_enabled: true,
  profile_disabled: true,
  strategy_failed: true,
  listener_failed: true,
} satisfies Record<FailoverEventType, true>)
export type FailoverEventOf<Type extends FailoverEventType> = Extract<FailoverEvent, { type: Type }>

/** An event before it is stamped with the time. */
export type EventDraft = FailoverEvent extends infer E ? (E extends FailoverEvent ? Omit<E, 'at'> : never) : never

type Listener = (event: FailoverEvent) => void

/** Keeps events, whoever listens. */
interface EventRecorder {
  /** Is this event to be built for it? */
  wants(type: FailoverEventType, requestId: string | undefined): boolean
  record(event: FailoverEvent): void
}

/** Hands events to listeners. A listener that throws disturbs nobody: the others hear of it as `listener_failed`. */
export class EventHub {
  readonly #now: () => number
  readonly #recorder: EventRecorder | undefined
  readonly #listeners = new Map<FailoverEventType | '*', Set<Listener>>()

  constructor(now: () => number, recorder?: EventRecorder) {
    this.#now = now
    this.#recorder = recorder
  }

  on(type: FailoverEventType | '*', listener: Listener): () => void {
    const listeners = this.#listeners.get(type) ?? new Set()
    this.#listeners.set(type, listeners.add(listener))
    return () => {
      listeners.delete(listener)
      if (listeners.size === 0 && this.#listeners.get(type) === listeners) this.#listeners.delete(type)
    }
  }

  /** Is it told to anyone outside, rather than only recorded? */
  isListenedTo(type: FailoverEventType): boolean {
    return this.#listeners.size > 0 && (this.#listeners.has(type) || this.#listeners.has('*'))
  }

  /**
   * Is anyone listening for events of this kind? Building events nobody hears is the larger part of their cost.
   * @param requestId whose event it is, where one request may make very many
   */
  hears(type: FailoverEventType, requestId?: string): boolean {
    return this.isListenedTo(type) || (this.#recorder?.wants(type, requestId) ?? false)
  }

  /** @param at epoch milliseconds. Default: now */
  emit(draft: EventDraft, at?: number): void {
    const isListenedTo = this.isListenedTo(draft.type)
    if (!isListenedTo && this.#recorder === undefined) return
    const event: FailoverEvent = { at: at ?? this.#now(), ...draft }
    this.#recorder?.record(event)
    if (!isListenedTo) return
    this.#tell(this.#listeners.get(event.type), event)
    this.#tell(this.#listeners.get('*'), event)
  }

  #tell(listeners: ReadonlySet<Listener> | undefined, event: FailoverEvent): void {
    if (listeners === undefined) return
    // A copy: whoever begins to listen in the midst of it hears of what comes next.
    for (const listener of [...listeners]) {
      try {
        const answer: unknown = listener(event)
        if (answer instanceof Promise) answer.catch((error: unknown) => this.#complain(event.type, error))
      } catch (error) {
        this.#complain(event.type, error)
      }
    }
  }

  /** Calls foreign code that is told of an event, be it of the kind that answers later. */
  guard(event: FailoverEventType, call: () => unknown): void {
    try {
      const answer = call()
      if (answer instanceof Promise) answer.catch((error: unknown) => this.#complain(event, error))
    } catch (error) {
      this.#complain(event, error)
    }
  }

  #complain(event: FailoverEventType, error: unknown): void {
    // One that fails at hearing of a failure would never end.
    if (event === 'listener_failed') return
    this.emit({ type: 'listener_failed', event, message: messageOf(error) })
  }
}
