import type { FailoverError, Failure } from '../failure/index.ts'
import type { Diverged } from '../recovery/index.ts'
import type { Attempt } from './attempt.ts'
import type { AttemptEntry } from './attempt-entry.ts'
import type { Binding, BindingBook } from './binding.ts'
import type { Clock } from './clock.ts'
import type { Credentials } from './credentials.ts'
import type { EventHub, SkipCause } from './events.ts'
import type { History } from './history.ts'
import type { Lease } from './lease.ts'
import type { Settings } from './options.ts'
import type { FailurePolicy } from './policy/policy.ts'
import type { PrefillBook } from './prefill-book.ts'
import type { Profile } from './profile.ts'
import type { SessionGuess } from './provider.ts'
import type { RequestLife } from './request-life.ts'
import type { RetryTokens } from './retry-tokens.ts'
import type { ChainLink } from './routes.ts'
import type { Selection } from './select/selection.ts'
import type { Target } from './target.ts'
import type { WaitingRoom } from './waiting.ts'

/** What the loop works with; one for a manager, shared by all its requests. */
export interface Engine {
  readonly clock: Clock
  readonly settings: Settings
  readonly policy: FailurePolicy
  /** Chooses among the targets of a model. */
  readonly selection: Selection
  readonly waiting: WaitingRoom
  readonly tokens: RetryTokens
  readonly credentials: Credentials
  /** A provider has refused what a profile fetched: it is fetched anew, and another one brings it back. */
  refuseKey(profile: Profile, keys: readonly string[]): void
  readonly hub: Pick<EventHub, 'hears' | 'isListenedTo' | 'emit'>
  /** Which profile owns what was made by it, by id. */
  readonly bindings: BindingBook
  readonly prefills: PrefillBook
  /** Keeps the stories of the latest requests. */
  readonly history?: History
  /**
   * @param estimatedTokens reserved against limits on tokens; undefined where nobody can tell
   * @param now where it has been read just now
   */
  lease(target: Target, isTrial: boolean, estimatedTokens?: number, now?: number): Lease
  /** @param secrets keys that the error may hold */
  classify(error: unknown, target: Target, secrets?: readonly string[]): Failure
  /** Takes back what was lent and forgotten. @returns when the next loan lapses, epoch milliseconds */
  reclaim(now: number): number | undefined
  retryDelayMs(failures: number): number
  /** Of a bare model id, tokens; undefined where it is not known. */
  readonly contextWindowOf: (model: string) => number | undefined
  onFailover(from: Target, to: Target, failure: Failure, requestId: string): void
}

/** What is done with a target: a provider's call, or any function. */
export interface Work<T> {
  /** Requests that come through different doors may not be served by the same targets. */
  readonly door: string
  /** Gives, at once or later, what the first content of a stream came with, or the whole result. */
  start(attempt: Attempt): T | PromiseLike<T>
  /** Why this target's provider cannot be used at all. */
  unusable(target: Target): SkipCause | undefined
  /** Can this provider's models have a part in the chain at all? Default: they can. */
  isFit?(provider: string): boolean
  /** An answer that it gave broke off: from now on its targets are asked to go on with it. */
  beginRecovery?(): void
  /** Is this target known to go on from a prefill? Default: it is not. */
  takesPrefill?(target: Target): boolean
  /** Under which limit the first content stands. */
  phase(target: Target): 'first_content' | 'response'
  /** The chain is known: what the request holds is read as the provider of its first model reads it. */
  readAs?(provider: string): void
  /** What the request refers to that exists only where it was made. Default: nothing. */
  readonly bindings?: readonly Binding[] | undefined
  /** Which session the request seems to belong to, where its caller does not say. */
  guessSession?(): SessionGuess | undefined
  /** Tokens it is expected to take, where its caller does not say. */
  estimateTokens?(): number | undefined
}

export interface LoopRequest<T> {
  readonly chain: readonly ChainLink[]
  readonly queue: string
  readonly sessionKey: string | undefined
  /** As its caller said, else as the work estimates it when this is first asked. */
  readonly estimatedTokens: number | undefined
  readonly life: RequestLife
  readonly work: Work<T>
}

/** A request that has committed: what it committed to, and what is left to be ended. */
export interface OpenRequest<T> {
  readonly attempt: Attempt
  readonly value: T
  readonly life: RequestLife
  readonly attempts: readonly AttemptEntry[]
  /** Epoch milliseconds. */
  readonly committedAt: number
  /** Finds another attempt that goes on with it. */
  readonly recoverer: Recoverer<T>
}

/** How an attempt at an answer that had committed broke off. */
export type Breakage =
  | { readonly failure: Failure; readonly error: unknown; readonly secrets: readonly string[] }
  /** It was to go on with an answer, and says something else. */
  | Diverged

/** Told once how a recovery goes. */
export interface RecoveryEnds<T> {
  onResumed(open: OpenRequest<T>): void
  /** @param error the request was canceled, or its deadline passed; undefined where nothing is left to be asked */
  onGivenUp(error: FailoverError | undefined): void
}

export interface Recoverer<T> {
  recover(breakage: Breakage, ends: RecoveryEnds<T>): void
}
