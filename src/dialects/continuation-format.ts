import type { AnswerTrail, DisarmedBy } from '../recovery/index.ts'
import type { RequestBody } from './request-body.ts'

export interface TrailOptions {
  /** Are tool calls held until they are whole? Asked when the first one begins. */
  readonly holdsToolCalls: () => boolean
  /** Why an answer to this request cannot be continued, whatever it says. Asked at most once, when that matters. */
  readonly disarmedBy: () => DisarmedBy | undefined
  /** Is anything to be kept for a recovery at all? Where not, only tool calls are held. */
  readonly recovers: boolean
}

/** The trail of an answer in a dialect. Where nothing but free text differs, it need not see the events themselves. */
export interface DialectTrail extends AnswerTrail<object> {
  /** May events that differ from the latest one in their free texts alone be passed on without `take`? */
  readonly passesFamiliar: boolean
  /**
   * Notes a free text of such an event: what stands in JSON between the quotes behind `key`. The bytes are copied.
   *
   * @param key one of `Dialect.freeText`
   */
  noteFamiliar(key: string, bytes: Buffer, start: number, end: number): void
}

/** How an answer of a dialect is continued after it broke off. Pure. */
export interface ContinuationFormat {
  /** The members of the outermost object of a request that these functions look at. */
  readonly members: readonly string[]
  startTrail(options: TrailOptions): DialectTrail
  /** Why answers to this request cannot be continued. */
  disarmedBy(body: RequestBody): DisarmedBy | undefined
  /** Does this request ask for its tool calls piece by piece? */
  wantsEagerCalls(body: RequestBody): boolean
  /** Can a prefill be added to this request: is there none already, and nothing in it that forbids one? */
  fitsPrefill(body: RequestBody): boolean
  /** The event without the first `characters` (UTF-16 code units) of its text; undefined where nothing is left of it. */
  withoutPrefix(event: object, characters: number): object | undefined
  /**
   * What a trail notes of this event, by free-text key: all the keys that `noteFamiliar` looks at, with an empty text
   * where the event has none in the place the trail reads.
   */
  textsOf(event: object): Readonly<Record<string, string>>
  /** Characters of whatever a caller waits for in this event: text, reasoning, arguments of tool calls. */
  charactersOf(event: object): number
  /** An event as it goes over the wire, in server-sent events, with its blank line. */
  encode(event: object): string
  /** What keeps a client waiting where nothing can be said yet, in bytes as text. */
  readonly signOfLife: string
}
