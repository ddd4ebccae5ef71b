import { isFieldComplaintAt, preambleOf } from './preamble.ts'
import { lastNumberOf, NO_PROSE, type Prose, readProse } from './prose.ts'
import { withoutQuotations } from './quotations.ts'
import { isRequestRefused } from './rule.ts'

/**
 * What an error says in its sender's own words. Providers quote the request in their complaints, and a caller's text
 * may hold any words: "credit balance is too low" inside quotes is no empty account.
 */
export interface Wording {
  /**
   * The sender's own words, in lower case: with `…` for each quotation, and nothing but a preamble where they are a
   * complaint of a field.
   */
  readonly text: string
  /** What a program has written before the words or at their end, where the request's text seldom stands. */
  readonly stated: Prose
  /** What stands elsewhere in the words. */
  readonly spoken: Prose
}

export interface WordingOptions {
  /** Fields beside the words hold codes already. Default: false. */
  readonly hasCodes?: boolean
  /**
   * The words are all there is: a log or a program may have handed them on, and a terminal may have broken them. They are
   * not taken for that where they name the status of a refused request. Default: false.
   */
  readonly isHandedOn?: boolean
}

const NO_WORDS: Wording = { text: '', stated: NO_PROSE, spoken: NO_PROSE }

/** How much of a message is looked at. */
const MAX_LENGTH = 65_536

/** An object written down that is no JSON: cut short, with quotes not escaped, or in Python's way. */
const WRITTEN_OBJECT = /^(?:b["'])?\[?\{\s{0,20}\\{0,3}["']/

/** The last of these begins the innermost message of such an object. */
const MESSAGE_KEY = /\\{0,7}["']message\\{0,7}["']\s{0,4}:\s{0,4}\\{0,7}(["'])(?!(?:\s|\\n){0,8}\{)/g

/** What a validator was given stands behind one of these: it is the request's. */
const ECHOED_KEY = /["']input(?:_value)?\\{0,7}["']\s{0,4}:/

/** Reads a message. Takes linear time. */
export function readWording(message: string, { hasCodes = false, isHandedOn = false }: WordingOptions = {}): Wording {
  if (message === '') return NO_WORDS
  const even = evened(readable(message.slice(0, MAX_LENGTH))).trim()
  const isLog = isHandedOn && !isRequestRefused(readProse(even, { hasCodes }).status)
  const whole = isLog && even.includes('\n') ? unbroken(even) : even
  const lower = whole.toLowerCase()
  const { length, isFieldComplaint } = preambleOf(lower)
  const preamble = lower.slice(0, length)
  const stated = readProse(whole, { hasCodes, preambleLength: length })
  const number = lastNumberOf(whole)
  return {
    text: isFieldComplaint ? preamble : preamble + ownWordsOf(lower.slice(length), { preamble, isLog }),
    stated: number === undefined ? stated : { ...stated, codes: [number, ...stated.codes] },
    spoken: readProse(isFieldComplaint ? whole.slice(0, length) : whole, { hasCodes }),
  }
}

/** Does what follows these words belong to the request: in a quotation that has begun, or a complaint of a field? */
export function leadsToQuotation(words: string): boolean {
  const lower = words.toLowerCase()
  const { length, isFieldComplaint } = preambleOf(lower)
  return isFieldComplaint || !withoutQuotations(`${lower.slice(length)}x`).endsWith('x')
}

function ownWordsOf(said: string, { preamble, isLog }: { preamble: string; isLog: boolean }): string {
  const words = WRITTEN_OBJECT.test(said) ? messageIn(said) : preamble === '' ? said : unquoted(said)
  if (isFieldComplaintAt(words, 0)) return ''
  return withoutQuotations(isLog ? withoutHandingOn(words) : words)
}

/** White space other than line ends as one blank, and line ends without any. */
function evened(text: string): string {
  return UNEVEN.test(text) ? text.replace(/[^\S\n]{1,200}/g, ' ').replace(/ ?\n ?/g, '\n') : text
}

/**
 * A sentence that a terminal or a log has broken into lines is one sentence; what stands on a line of its own behind a
 * full stop, a comma or a colon stays there.
 */
function unbroken(text: string): string {
  return text.replace(/([^.,:!?\n])\n(?=[^\s])/g, '$1 ')
}

/** White space that is not one plain blank. */
const UNEVEN = / {2}|[^\S ]/

/** A program that hands on an error puts it into quotation marks as a whole: `errored with error: "…`, `err="…`. */
const HANDED_ON = /(\b(?:error|exception|failed|reason|message|error_message|err|msg)(?:: ?|=))["'“](?=[^"'”]{40})/

/** An SDK writes a body that was a text behind its status, in quotation marks: `429 "Your team has …"`. */
function unquoted(said: string): string {
  return said.length > 2 && said.startsWith('"') && said.indexOf('"', 1) === said.length - 1 ? said.slice(1, -1) : said
}

function withoutHandingOn(words: string): string {
  return /["'“]/.test(words) ? words.replace(HANDED_ON, '$1') : words
}

/** Words that passed through an address: `Incorrect%20API%20key%20provided`. */
function readable(text: string): string {
  return text.includes('%20') ? text.replaceAll('%20', ' ') : text
}

/** The value of the innermost `message`; the whole where there is none. */
function messageIn(object: string): string {
  const echo = object.search(ECHOED_KEY)
  const text = echo < 0 ? object : object.slice(0, echo)
  const key = [...text.matchAll(MESSAGE_KEY)].at(-1)
  if (key === undefined) return text.replaceAll(/["']/g, ' ')
  const start = key.index + key[0].length
  const value = text.slice(start)
  const end = value.search(key[1] === '"' ? /"\s{0,4}[,}]/ : /'\s{0,4}[,}]/)
  return end < 0 ? value : value.slice(0, end)
}
