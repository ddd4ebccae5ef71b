import type { Failure } from '../failure/index.ts'
import type { Attempt } from './attempt.ts'
import type { Clock } from './clock.ts'
import type { Credentials } from './credentials.ts'
import type { EventHub, SkipCause } from './events.ts'
import type { Lease } from './lease.ts'
import type { Settings } from './options.ts'
import type { FailurePolicy } from './policy/policy.ts'
import type { AttemptContext } from './provider.ts'
import type { RequestLife } from './request-life.ts'
import type { RetryTokens } from './retry-tokens.ts'
import type { ChainLink } from './routes.ts'
import type { Strategy } from './select/strategy.ts'
import type { Target } from './target.ts'
import type { WaitingRoom } from './waiting.ts'

/** What the loop works with; one for a manager, shared by all its requests. */
export interface Engine {
  readonly clock: Clock
  readonly settings: Settings
  readonly policy: FailurePolicy
  readonly strategy: Strategy
  readonly waiting: WaitingRoom
  readonly tokens: RetryTokens
  readonly credentials: Credentials
  readonly hub: Pick<EventHub, 'hears' | 'emit'>
  lease(target: Target, isTrial: boolean): Lease
  /** @param secrets keys that the error may hold */
  classify(error: unknown, target: Target, secrets?: readonly string[]): Failure
  /** Takes back what was lent and forgotten. @returns when the next loan lapses, epoch milliseconds */
  reclaim(now: number): number | undefined
  retryDelayMs(failures: number): number
  onFailover(from: Target, to: Target, failure: Failure, requestId: string): void
}

/** What is done with a target: a provider's call, or any function. */
export interface Work<T> {
  /** Resolves at the first content of a stream, or with the whole result. */
  start(context: AttemptContext, attempt: Attempt): Promise<T>
  /** Why this target's provider cannot be used at all. */
  unusable(target: Target): SkipCause | undefined
  /** Can this provider's models have a part in the chain at all? Default: they can. */
  readonly isFit?: ((provider: string) => boolean) | undefined
  /** Under which limit the first content stands. */
  phase(target: Target): 'first_content' | 'response'
}

export interface LoopRequest<T> {
  readonly chain: readonly ChainLink[]
  readonly queue: string
  readonly sessionKey: string | undefined
  readonly life: RequestLife
  readonly work: Work<T>
}

/** A try that was let in, and what came of it. */
export interface Committed<T> {
  readonly attempt: Attempt
  readonly value: T
}
