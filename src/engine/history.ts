import type { AttemptRecord, FailoverErrorCode, TargetRef } from '../failure/index.ts'
import type { AttemptEntry } from './attempt-entry.ts'
import type { FailoverEvent, FailoverEventType } from './events.ts'
import { type PassedChoice, type PassedOver, skipsOf } from './passed-over.ts'
import type { Usage } from './provider.ts'
import type { RequestId } from './request-id.ts'
import type { ChainLink } from './routes.ts'

/** One request that has ended, with everything that happened on its way. No key and no text of a prompt is in it. */
export interface RequestStory {
  readonly requestId: string
  /** What was asked for: a route's name or a model reference. */
  readonly model: string
  /** Epoch milliseconds. */
  readonly startedAt: number
  readonly durationMs: number
  readonly outcome: 'succeeded' | 'failed' | 'canceled'
  /** Of the error it ended with, where it did not succeed. */
  readonly code?: FailoverErrorCode
  /** Who answered, or had begun to. */
  readonly target?: TargetRef
  readonly attempts: readonly AttemptRecord[]
  /** What the provider reported, where it did. */
  readonly usage?: Usage
  /** In the order in which it happened, as listeners were told. */
  readonly events: readonly FailoverEvent[]
  /** How many events of it are not among them, because one request made too many. Absent where none is missing. */
  readonly eventsLeftOut?: number
}

/** What is kept of a request. */
export interface FinishedRequest {
  readonly id: RequestId
  readonly model: string
  readonly chain: readonly ChainLink[]
  readonly startedAt: number
  readonly deadlineAt: number
  readonly endedAt: number
  readonly code: FailoverErrorCode | undefined
  readonly attempts: readonly AttemptEntry[]
  readonly usage: Usage | undefined
  /** Targets that were passed over while nobody listened. */
  readonly passedOver?: PassedOver | undefined
}

/** What was recorded of a request's way besides what goes without saying. */
interface Troubles {
  readonly events: FailoverEvent[]
  leftOut: number
}

/** Events that are kept of one request. */
const MAX_EVENTS = 200
/**
 * Requests under way of which something is kept. Each takes its own with it when it ends; the bound is for events that
 * come after their request's end.
 */
const MAX_TROUBLED = 10_000

/** Kept however many events there are: how the request ended. */
const LAST: ReadonlySet<FailoverEventType> = new Set(['request_failed', 'request_canceled'])

/**
 * The stories of the latest requests, in a ring. Of a request that goes straight it keeps what is known of it anyway,
 * and makes its events up when somebody asks; of others it keeps the events that listeners hear, too.
 *
 * Two requests under way that their callers gave the same id share what is recorded of them.
 */
export class History {
  readonly #maxRequests: number
  readonly #finished: FinishedRequest[] = []
  /** What was recorded of each of them, in the same places. */
  readonly #recorded: (Troubles | undefined)[] = []
  /** The place of the next one. */
  #next = 0
  /** What has been recorded of requests under way, by their ids. */
  readonly #troubled = new Map<string, Troubles>()

  /** @param maxRequests from 1 */
  constructor(maxRequests: number) {
    this.#maxRequests = maxRequests
  }

  /** Is this event to be built? Where a request has made too many, it is counted only. */
  wants(type: FailoverEventType, requestId: string | undefined): boolean {
    if (isStraight(type)) return false
    const troubles = requestId === undefined ? undefined : this.#troubled.get(requestId)
    if (troubles === undefined || troubles.events.length < MAX_EVENTS || LAST.has(type)) return true
    troubles.leftOut += 1
    return false
  }

  record(event: FailoverEvent): void {
    if (isStraight(event.type) || !('requestId' in event) || event.requestId === undefined) return
    const troubles = this.#troublesOf(event.requestId)
    if (troubles.events.length < MAX_EVENTS || LAST.has(event.type)) troubles.events.push(event)
    else troubles.leftOut += 1
  }

  /** How many events have been recorded of a request under way. */
  countOf(id: RequestId): number {
    return id.isKnown ? (this.#troubled.get(id.text)?.events.length ?? 0) : 0
  }

  /** A request has ended. */
  push(request: FinishedRequest): void {
    this.#finished[this.#next] = request
    this.#recorded[this.#next] = request.id.isKnown ? this.#take(request.id.text) : undefined
    this.#next = (this.#next + 1) % this.#maxRequests
  }

  /** The latest requests that have ended, the newest first. */
  recent(): RequestStory[] {
    const stories = this.#finished.map((request, place) => storyOf(request, this.#recorded[place]))
    return [...stories.slice(this.#next), ...stories.slice(0, this.#next)].reverse()
  }

  #troublesOf(requestId: string): Troubles {
    const known = this.#troubled.get(requestId)
    if (known !== undefined) return known
    const troubles: Troubles = { events: [], leftOut: 0 }
    this.#troubled.set(requestId, troubles)
    if (this.#troubled.size > MAX_TROUBLED) {
      const [oldest] = this.#troubled.keys()
      if (oldest !== undefined) this.#troubled.delete(oldest)
    }
    return troubles
  }

  #take(requestId: string): Troubles | undefined {
    if (this.#troubled.size === 0) return undefined
    const troubles = this.#troubled.get(requestId)
    this.#troubled.delete(requestId)
    return troubles
  }
}

/** Does every request that goes straight make it known? Then it can be told from the attempts and need not be kept. */
function isStraight(type: FailoverEventType): boolean {
  switch (type) {
    case 'request_started':
    case 'attempt_started':
    case 'attempt_committed':
    case 'attempt_succeeded':
    case 'request_succeeded':
      return true
    default:
      return false
  }
}

function storyOf(request: FinishedRequest, troubles: Troubles | undefined): RequestStory {
  const { id, model, startedAt, endedAt, code, attempts, usage, passedOver } = request
  const target = attempts.findLast(({ committedAfterMs }) => committedAfterMs !== undefined)?.target
  const leftOut = (troubles?.leftOut ?? 0) + (passedOver?.leftOut ?? 0)
  return {
    requestId: id.text,
    model,
    startedAt,
    durationMs: endedAt - startedAt,
    outcome: code === undefined ? 'succeeded' : code === 'CANCELED' ? 'canceled' : 'failed',
    ...(code !== undefined && { code }),
    ...(target !== undefined && { target }),
    attempts,
    ...(usage !== undefined && { usage }),
    events: [...eventsOf(request, troubles?.events ?? [])],
    ...(leftOut > 0 && { eventsLeftOut: leftOut }),
  }
}

/** The recorded events, with those that go without saying put in where they belong. */
function* eventsOf(request: FinishedRequest, recorded: readonly FailoverEvent[]): Generator<FailoverEvent> {
  const { id, model, chain, startedAt, deadlineAt, endedAt, code, attempts, usage, passedOver } = request
  const requestId = id.text
  const choices = [...(passedOver?.choices ?? [])]
  yield {
    at: startedAt,
    type: 'request_started',
    requestId,
    model,
    chain: chain.filter(({ onlyAfter }) => onlyAfter === undefined).map(({ reference }) => reference),
    deadlineAt,
  }
  let told = 0
  for (const [count, event] of recorded.entries()) {
    while (choices[0] !== undefined && choices[0].after <= count) yield* takeSkips(choices, requestId)
    // The beginning of an attempt stands before its end, the beginnings of all before the end of the request.
    const begun = 'attempt' in event ? event.attempt : LAST.has(event.type) ? attempts.length : 0
    for (; told < begun; told += 1) yield* beginningOf(attempts[told], told + 1, requestId)
    yield event
  }
  while (choices.length > 0) yield* takeSkips(choices, requestId)
  for (; told < attempts.length; told += 1) yield* beginningOf(attempts[told], told + 1, requestId)
  const last = attempts.at(-1)
  if (code !== undefined || last === undefined) return
  const { target } = last
  yield {
    at: last.startedAt + last.durationMs,
    type: 'attempt_succeeded',
    requestId,
    target,
    attempt: attempts.length,
    durationMs: last.durationMs,
    ...(usage !== undefined && { usage }),
  }
  const durationMs = endedAt - startedAt
  yield { at: endedAt, type: 'request_succeeded', requestId, target, attempts: attempts.length, durationMs }
}

function* takeSkips(choices: PassedChoice[], requestId: string): Generator<FailoverEvent> {
  const choice = choices.shift()
  if (choice !== undefined) yield* skipsOf(choice, requestId)
}

function* beginningOf(entry: AttemptEntry | undefined, attempt: number, requestId: string): Generator<FailoverEvent> {
  if (entry === undefined) return
  const { target, startedAt, kind, committedAfterMs, resume } = entry
  const how = resume === undefined ? undefined : { resume }
  yield { at: startedAt, type: 'attempt_started', requestId, target, attempt, kind, ...how }
  if (committedAfterMs === undefined) return
  const at = startedAt + committedAfterMs
  yield { at, type: 'attempt_committed', requestId, target, attempt, durationMs: committedAfterMs }
}
