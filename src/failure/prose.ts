/** A status and codes that programs have written into words. */
export interface Prose {
  /** HTTP status, 400 to 599. */
  readonly status: number | undefined
  /** In lower case. */
  readonly codes: readonly string[]
}

export const NO_PROSE: Prose = { status: undefined, codes: [] }

/** How much of a text is looked at for what programs write into it. */
const MAX_PROSE = 400

/** Where an SDK, a log or a gateway writes the status of the answer it speaks of; the last is the innermost. */
const STATUS_CUE =
  /\b(?:status(?:[ _]?code)?|http(?:[ _](?:code|status|error))?|error code|api error|response code)\b[ :=(]{1,4}([45]\d\d)\b|\[([45]\d\d) [A-Za-z ]{3,30}\]/gi

/** A status before all words, maybe behind the name of an error: `429 Too many requests`. */
const LEADING_STATUS = /^(?:[A-Za-z._$]{1,120}: ){0,2}([45]\d\d)(?:$|[ :])/
/** Before a plain word such a number may count something: `401 messages were given`. */
const SURE_LEADING_STATUS = /^(?:[A-Za-z._$]{1,120}: ){0,2}<?([45]\d\d)>?(?:$| ?[:{["]| -| [A-Z])/

/** Names of exceptions, gRPC's names of statuses, codes in capitals, and relays' numbers in brackets. */
const CODE_IN_PROSE =
  /\b(?:[A-Za-z]{2,50}(?:Exception|Error)|[A-Z][A-Z0-9]{1,30}(?:_[A-Z0-9]{1,30}){1,8})\b|\bcode = ([A-Z][A-Za-z]{2,30})\b|(?<!\w)\[(\d{4,5})\]/g
const MAX_CODES = 8

/** Without one of these there is no such code in a text; most texts have none. */
const EXCEPTION = ['Exception'] as const
const HINTS_AT_CODE = ['Exception', 'Error', '_', '[', 'code = '] as const

/** Where a quotation begins. */
const QUOTATION = /(?:^|[\s(:=])["'`“‘«「]/

export interface ProseOptions {
  /** Fields beside the words hold codes already: only exceptions are looked for then. */
  readonly hasCodes: boolean
  /** How much of the text is looked at, where that is what programs have put before its words. Default: all. */
  readonly preambleLength?: number
}

/** The status and the codes in a text, before its first quotation. */
export function readProse(text: string, { hasCodes, preambleLength }: ProseOptions): Prose {
  if (preambleLength === 0) return NO_PROSE
  const hints = hasCodes ? EXCEPTION : HINTS_AT_CODE
  const beginning = text.slice(0, Math.min(preambleLength ?? MAX_PROSE, MAX_PROSE))
  const mayHoldCode = hints.some((hint) => beginning.includes(hint))
  const mayHoldStatus = /[45]\d\d/.test(beginning)
  if (!mayHoldCode && !mayHoldStatus) return NO_PROSE
  const quotation = beginning.search(QUOTATION)
  const own = quotation < 0 ? beginning : beginning.slice(0, quotation + 1)
  const leading = preambleLength === undefined ? LEADING_STATUS : SURE_LEADING_STATUS
  return {
    status: mayHoldStatus ? (cuedStatusIn(own) ?? asNumber(leading.exec(text.slice(0, MAX_PROSE))?.[1])) : undefined,
    codes: mayHoldCode ? codesIn(own) : [],
  }
}

/** A status that stands at the end of these words: whatever follows them is the answer that had it. */
const LAST_STATUS =
  /(?:^|[^a-z])(?:status[ _]?code|status|code|http|error|returned|with)[ :=(]{1,4}([45]\d\d)\b[a-z ,:=()\]._-]{0,40}$/
const MAX_LAST = 80

/** The status that words in lower case end with, as in `invalid status code: 400 bad request: `. */
export function lastStatusOf(words: string): number | undefined {
  return asNumber(LAST_STATUS.exec(words.slice(-MAX_LAST))?.[1])
}

/** MiniMax and Zhipu end their messages with the number of the error: `login fail (1004)`. */
export function lastNumberOf(text: string): string | undefined {
  if (text.at(-1) !== ')' && text.at(-2) !== ')') return undefined
  return /\((\d{4,5})\)\W?$/.exec(text.slice(-20))?.[1]
}

function cuedStatusIn(own: string): number | undefined {
  let digits: string | undefined
  for (const cue of own.matchAll(STATUS_CUE)) digits = cue[1] ?? cue[2]
  return asNumber(digits)
}

function asNumber(digits: string | undefined): number | undefined {
  return digits === undefined ? undefined : Number(digits)
}

function codesIn(own: string): string[] {
  const codes: string[] = []
  for (const [name, grpc, number] of own.matchAll(CODE_IN_PROSE)) {
    codes.push((grpc ?? number ?? name).toLowerCase())
    if (codes.length === MAX_CODES) break
  }
  return codes
}
