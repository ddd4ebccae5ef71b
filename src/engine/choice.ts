import type { AttemptKind } from './events.ts'
import type { ChainLink } from './routes.ts'
import type { Target } from './target.ts'

/** A target, and the model of the chain that it serves. */
export interface Candidate {
  readonly link: ChainLink
  readonly target: Target
  /** Kinds of bindings that it cannot serve, to be left out of the request. Usually none. */
  readonly dropped?: readonly string[]
}

/** What a request does next. */
export type Choice =
  | { readonly do: 'try'; readonly candidate: Candidate; readonly kind: AttemptKind }
  | { readonly do: 'wait'; readonly until: number; readonly cause: 'backoff' | 'nothing_open' }
  | { readonly do: 'give_up' }
