import type { FailoverEventType, FailoverOptions, ProfileOptions } from '../../src/index.ts'
import type { SpaceManner } from './answers.ts'
import type { Fault } from './faults.ts'

/** A provider of a world. One that is not registered has profiles and nobody to send to. */
export interface ProviderPlan {
  readonly name: string
  readonly dialect: string | undefined
  readonly isRegistered: boolean
  /** It goes on although it was told to stop. */
  readonly ignoresSignals: boolean
  /** It can be asked whether it is back. */
  readonly hasProbe?: boolean
  /** How it goes on with answers that broke off. Absent: nobody can. */
  readonly recovery?: RecoveryPlan
}

/** What a provider's models make of an answer that broke off. */
export interface RecoveryPlan {
  /** Which are said to take a prefill; `unsaid`: nobody says anything, so that all are; `fails`: whoever knows fails. */
  readonly known: 'unsaid' | 'first_model' | 'none' | 'fails'
  /** What they make of one. One that `ignores` it begins anew. */
  readonly prefill: 'takes' | 'refuses' | 'ignores'
  readonly space: SpaceManner
  /** This share of answers says something else from some piece on. */
  readonly wanders: number
  /** A model says the same each time that it is asked the same. */
  readonly isSteady: boolean
}

/** How the answer to a `call` is read. */
export interface Reading {
  readonly mode: 'all' | 'slow' | 'early' | 'never' | 'cancel' | 'dispose'
  /** Between two events, milliseconds. */
  readonly pauseMs: number
  /** Events that are read before the reader leaves. */
  readonly events: number
}

/** When the caller goes away: after some time, or in the middle of being told of an event. */
export type Leaving = { readonly afterMs: number } | { readonly upon: LeavingEvent }

export type LeavingEvent = Extract<
  FailoverEventType,
  | 'attempt_started'
  | 'attempt_committed'
  | 'attempt_failed'
  | 'attempt_canceled'
  | 'failover'
  | 'request_waiting'
  | 'recovery_started'
  | 'recovery_diverged'
  | 'recovery_succeeded'
>

/** Something that an earlier request has made, or that nobody has heard of, is what this one is about. */
export interface BindingPlan {
  readonly of: 'earlier' | 'unknown'
  readonly scope: 'profile' | 'quota_group' | 'vendor'
  readonly isDroppable: boolean
}

export interface RequestPlan {
  readonly door: 'call' | 'run'
  readonly model: string
  readonly fallbacks?: readonly string[]
  readonly deadlineMs?: number
  readonly sessionKey?: string
  /** Which session the provider takes it to belong to. */
  readonly guess?: { readonly key: string; readonly isNamed: boolean }
  readonly binding?: BindingPlan
  /** As its caller says. */
  readonly estimatedTokens?: number
  /** As the provider makes out. */
  readonly guessedTokens?: number
  readonly leaving?: Leaving
  readonly reading: Reading
}

export interface LeasePlan {
  readonly provider?: string
  readonly model?: string
  readonly end: 'succeed' | 'fail' | 'release' | 'dispose' | 'forget'
  readonly afterMs: number
}

/** What an operator does. */
export type HandAct =
  | 'fail'
  | 'succeed'
  | 'reset'
  | 'reset_all'
  | 'disable'
  | 'enable'
  | 'change_key'
  | 'change_limits'
  | 'move'
  | 'add'
  | 'remove'
  | 'disable_provider'
  | 'register_provider'
  | 'look'

/** `seed` decides what is left open; each step has its own, so that one may be taken out without changing the others. */
export type Step = { readonly at: number; readonly seed: number } & (
  | { readonly do: 'request'; readonly request: RequestPlan }
  | { readonly do: 'lease'; readonly lease: LeasePlan }
  | { readonly do: 'hand'; readonly act: HandAct }
  /** The machine sleeps: time passes, nothing runs. */
  | { readonly do: 'jump'; readonly ms: number }
  /** The machine's clock is set, forward or back, while everything runs on. */
  | { readonly do: 'set_clock'; readonly ms: number }
  /** The process dies and begins again: who asked is gone, and what was known is forgotten. */
  | { readonly do: 'restart' }
)

/** The options of a manager that are data. */
export type ManagerOptions = Omit<FailoverOptions, 'registry' | 'clock' | 'random' | 'profiles'>

/** Everything that happens in a world, decided beforehand by its seed. */
export interface World {
  readonly seed: number
  readonly startsAt: number
  readonly endsAt: number
  readonly options: ManagerOptions
  readonly providers: readonly ProviderPlan[]
  readonly profiles: readonly ProfileOptions[]
  /** Ids of the profiles that are switched off at first. */
  readonly disabled: readonly string[]
  readonly models: readonly [string, ...string[]]
  readonly faults: readonly Fault[]
  /** In order of time. */
  readonly steps: readonly Step[]
}
