/** How another attempt goes on with an answer that broke off after its first content. */
export type ResumeMode =
  /** it is given what was delivered, and writes only what comes after that */
  | 'prefill'
  /** it gets the request as it came, and what it repeats is suppressed */
  | 'restart'

/** Why nobody can go on with an answer that breaks off. */
export type DisarmedBy =
  /** a tool call was delivered, or its beginning: it may have been run */
  | 'tool_call'
  /** a signed or encrypted reasoning block is open: nobody else can close it */
  | 'signed_reasoning'
  /** the answer must match a schema as a whole */
  | 'structured_output'
  /** the answer has several choices, which come in turns */
  | 'several_choices'
  /** it has said how it ends, so that nobody need go on: token counts or an end mark are all that is missing */
  | 'finished'
  /** something was delivered that another attempt would not bring the same way: citations, pictures, sound, searches */
  | 'other_content'
  /** more has been delivered than is kept (`MAX_DELIVERED_CHARACTERS`) */
  | 'too_long'

/** The other attempt says something else than what was delivered; nothing of what it says was passed on. */
export class Diverged extends Error {
  /** How many characters agreed. */
  readonly characters: number

  constructor(characters: number) {
    super(`the other answer differs after ${characters} characters`)
    this.name = 'Diverged'
    this.characters = characters
  }
}

/**
 * Follows one answer on its way to the caller, over all attempts at it: keeps what another attempt has to know, holds
 * tool calls until they are whole, and fits the events of a further attempt to those that were delivered, so that the
 * caller sees one answer. Pure: it knows events, and no time.
 *
 * What it gives out counts as delivered.
 */
export interface AnswerTrail<Event> {
  /**
   * Takes the next event of the present attempt, and adds to `out` what the caller gets for it, in order: mostly this
   * very object; nothing, where it is held or suppressed; earlier ones before it, where they were held; another object
   * in its place, where it has to fit what was delivered.
   *
   * @throws Diverged
   */
  take(event: Event, out: Event[]): void
  /**
   * The present attempt's answer is complete: adds what was still held back.
   * @throws Diverged where it came to its end before it had said all that was delivered
   */
  finish(out: Event[]): void
  /** Is there a tool call that is not whole? */
  readonly isHolding: boolean
  /** It has been held for too long: adds what is held. From now on tool calls pass as they come. */
  release(out: Event[]): void
  /** The answer has said how it ends; token counts or an end mark may follow, and are not waited for long. */
  readonly isFinished: boolean
  /** Why nobody could go on if it broke off now; undefined where somebody could. */
  readonly disarmedBy: DisarmedBy | undefined
  /** The present attempt has brought something that the caller had not got before; true in the first one. */
  readonly isPastSeam: boolean
  /**
   * The text that another target may be given to go on from: what was delivered without white space at its end.
   * Undefined where a prefill would not do: there is no text yet.
   */
  readonly prefill: string | undefined
  /** The present attempt is over, and what was held of it is forgotten; the next one begins. */
  resume(mode: ResumeMode): void
}
