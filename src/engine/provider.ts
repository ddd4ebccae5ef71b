import type { QuotaBucket, TargetRef } from '../failure/index.ts'
import type { AnswerTrail, ResumeMode } from '../recovery/index.ts'
import type { Binding } from './binding.ts'
import type { Profile } from './profile.ts'

/** The smallest request: it says which model it is for. */
export interface ModelRequest {
  readonly model: string
}

/** A request as JSON has it: a model and whatever else the wire format knows. What a request is unless declared. */
export interface AnyRequest extends ModelRequest {
  readonly [field: string]: unknown
}

/** What an attempt is told besides the request. */
export interface AttemptContext {
  /** What is being tried; `target.model` is the bare model id. */
  readonly target: TargetRef
  readonly profile: Profile
  /** The profile's key for this attempt; absent where it has none. */
  readonly apiKey: string | undefined
  /** Aborted when the caller leaves, a limit runs out, or the attempt has lost. Everything started must end with it. */
  readonly signal: AbortSignal
  /** Tells of the same, once, for whoever needs no signal: cheaper, since none has to be made. */
  onAbort(listener: (reason: unknown) => void): void
  /** Any sign of life from the provider, content or not, may be told here: it feeds the limit between two events. */
  noteActivity?(): void
  /** What the answer's headers say of the provider's limits, as `readQuota` reads it: it orders targets, and teaches. */
  noteQuota?(buckets: readonly QuotaBucket[]): void
  /** The answer made something that later requests may refer to by this id, and that exists only here. */
  noteBinding?(id: string): void
  /** Kinds of bindings that this target cannot serve and that are to be left out of the request. Usually none. */
  readonly dropped?: readonly string[]
  /** 1 for the first try of the request, counted over all targets. */
  readonly attempt: number
  /** Limits a transport enforces itself. */
  readonly timeouts: { readonly connectMs: number }
  /** How long a stream is held back although its first content is here. Absent: not at all. */
  readonly commitRule?: CommitRule
  /**
   * The first content is here, although it is held back: from now on the idle limit counts, no longer the one for the
   * first content.
   */
  noteContent?(): void
  /** This attempt goes on with an answer that broke off, in this way. Absent: it is the beginning of one. */
  readonly resume?: ResumeMode
}

/** When enough of a stream is there for the caller to be given it. */
export interface CommitRule {
  /** Hold it back for so long after its first content, milliseconds. */
  readonly holdBackMs: number
  /** So many characters a second must come, or the attempt fails as too slow; 0 asks for none. */
  readonly minCharactersPerSecond: number
  /** Within so long after the first content, milliseconds. */
  readonly throughputMs: number
}

/** What `open` does with each target that is tried. */
export interface AnswerWork<T> {
  /** Begins one attempt; resolves at the first content of a stream, or when the answer is whole. */
  start(context: AttemptContext): Promise<T>
  /**
   * Is this target known to go on from a prefill, for this request and what has been delivered of its answer? Asked
   * where an answer broke off. Default: it is not.
   */
  takesPrefill?(target: TargetRef, profile: Profile): boolean
  /** Under which limit that stands: `timeouts.firstContentMs`, or `timeouts.responseMs`. */
  readonly isStreaming: boolean
  /**
   * Why this provider can have no part in this request whatever its health (it speaks another wire format); its models
   * are left out of the chain as if they had not been named. Default: none is.
   */
  unfit?(provider: string): string | undefined
  /** What the request refers to that exists only where it was made. Default: nothing. */
  readonly bindings?: readonly Binding[]
  /** Which session the request seems to belong to, where its caller does not say; asked only where it matters. */
  guessSession?(): SessionGuess | undefined
  /** Tokens it is expected to take, where its caller does not say; asked only where a limit counts them. */
  estimateTokens?(): number | undefined
}

/** A session as it was read from a request. */
export interface SessionGuess {
  readonly key: string
  /**
   * The client names its sessions itself. Otherwise the key was made from what the session begins with, and the order
   * of declaration goes before it.
   */
  readonly isNamed: boolean
}

/** Token counts of one answer. */
export interface Usage {
  readonly inputTokens?: number
  readonly outputTokens?: number
}

/**
 * How a model is reached. The engine knows no wire format: it hands the request on and looks at events only through
 * these functions.
 */
export interface Provider<Request extends ModelRequest = AnyRequest, Event = unknown> {
  readonly name: string
  /**
   * Sends the request. Rejects, or throws while iterating, with whatever describes the failure best; an error with
   * `status`, `headers` and `body` is classified most precisely.
   */
  stream(request: Request, context: AttemptContext): Promise<AsyncIterable<Event>>
  /** Is this event something the caller was waiting for (text, reasoning, a tool call)? Default: every event is. */
  isContent?(event: Event): boolean
  /** Is the answer expected piece by piece? `false` puts it under `timeouts.responseMs`. Default: it is. */
  isStreaming?(request: Request): boolean
  /** The token counts this event carries, if any; a later event's counts replace an earlier one's. */
  usageOf?(event: Event): Usage | undefined
  /** Scheme, host and port that a profile is reached at; failures of one origin stay with it. Default: the name. */
  originOf?(profile: Profile): string
  /** What the request refers to that exists only where it was made. Default: nothing. */
  bindingsOf?(request: Request): readonly Binding[]
  /** The ids this event brings that later requests may refer to. Default: none. */
  bindingIdsOf?(event: Event): readonly string[]
  /** Which session the request seems to belong to, where its caller does not say. */
  guessSession?(request: Request): SessionGuess | undefined
  /** Tokens the request is expected to take, input and output together. */
  estimateTokens?(request: Request): number | undefined
  /**
   * Makes the smallest real request, to find out whether a target is back; rejects where it is not. Asked only with
   * `health.probe.enabled`.
   */
  probe?(context: AttemptContext): Promise<void>
  /** Which wire format its errors have, for classification. */
  readonly dialect?: string
  /** How an answer that broke off after its first content may be continued elsewhere. None: it ends with an error. */
  readonly recovery?: Recovery<Request, Event>
}

/**
 * What the engine must know of a provider's events to go on with an answer that broke off. The first four functions do
 * for answers that are text; where there is more to an answer, `startTrail` follows it more closely.
 */
export interface Recovery<Request extends ModelRequest = AnyRequest, Event = unknown> {
  /** The text of the answer that this event carries; empty where it carries none. */
  textOf(event: Event): string
  /** Does this event end the answer? */
  isTerminal(event: Event): boolean
  /** The request, asking for what comes after this beginning of its answer. */
  withPrefill(request: Request, text: string): Request
  /** The event without the first characters (UTF-16 code units) of its text; undefined where nothing is left of it. */
  withoutPrefix(event: Event, characters: number): Event | undefined
  /**
   * Is this target known to write only what comes after a prefill? It is asked no more once it has refused one. Default:
   * every target is, since `withPrefill` is there.
   */
  takesPrefill?(request: Request, target: TargetRef, profile: Profile): boolean
  /** Characters of this event that a caller waits for, text or not, for the floor on throughput. Default: its text's. */
  charactersOf?(event: Event): number
  /**
   * Follows an answer to this request. Only providers of the same `dialect` can go on with it.
   * Default: by its text alone; content that is no text ends the possibility of going on.
   */
  startTrail?(
    request: Request,
    options: { readonly holdsToolCalls: boolean; readonly recovers: boolean },
  ): AnswerTrail<Event>
}
