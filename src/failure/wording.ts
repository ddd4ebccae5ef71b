/**
 * What an error says in its sender's own words. Providers quote the request in their complaints, and a caller's text
 * may hold any words: "credit balance is too low" inside quotes is no empty account.
 */

/** Stands for what was quoted, so that the words around it don't grow together. */
const QUOTED = '…'

/** How much of a message is looked at. */
const MAX_LENGTH = 65_536

/** A closing mark for each opening one. */
const CLOSING: Readonly<Record<string, string>> = {
  "'": "'",
  '"': '"',
  '`': '`',
  '“': '”',
  '‘': '’',
  '„': '“',
  '«': '»',
}

/** Any mark that opens or closes. */
const MARK = /['"`“”‘’„«»]/
const MARKS = /['"`“”‘’„«»]/g

/**
 * A complaint of one field of the request, as Anthropic and validators write it: `messages.0.content.1.text: …`. A bare
 * field counts only where it can be no word of its own.
 */
const FIELD_COMPLAINT =
  /^(?:body[./])?(?:(?:messages|system|tools|tool_choice|functions|input|prompt|metadata|thinking|contents|instructions)(?:[./]\w{1,64}|\[\d{1,9}\]){1,32}|messages|tools|tool_choice|stop_sequences|contents):\s/

/**
 * What SDKs, gateways and logs put before the words. Several of them stand behind one another, each of bounded length; each
 * is looked for where the one before it ends.
 */
const PREAMBLES: readonly RegExp[] = [
  // a class of error: `litellm.RateLimitError: `, `AnthropicException - `, `[GoogleGenerativeAI Error]: `
  /[\w.[\]-]{0,60}(?:error|exception|fault)\]?(?: \[[\w.]{1,60}\])?(?: -|:) /y,
  // a status with what stands around it: `Error code: 429 - `, `HTTP 503: `, `[400 Bad Request] `, `429 `
  /(?:http |api error: |error code: |status code: |unexpected status )?\[?<?[45]\d\d\b>?(?: (?:bad request|unauthorized|payment required|forbidden|not found|too many requests|request entity too large|internal server error|bad gateway|service unavailable|gateway timeout))?\]?[ :-]{0,3}/y,
  // Google's and gRPC's names of statuses
  /(?:invalid_argument|failed_precondition|permission_denied|unauthenticated|resource_exhausted|not_found|out_of_range|unavailable|internal)[:.] |rpc error: code = \w{1,40} desc = /y,
  // who hands it on
  /(?:error in [\w.]{1,60}|chat error|stream disconnected before completion|transport error|provider returned error|error from provider(?: \([^)]{1,40}\))?|last error|original error|message|api error|error): /y,
  // AWS: `An error occurred (ThrottlingException) when calling the Converse operation: `
  /an error occurred \(\w{1,60}\) when calling the \w{1,60} operation(?: \(reached max retries: \d{1,3}\))?: /y,
  // what a client says of its own tries
  /retrying [\w.<>]{1,120} in [\d.]{1,8} seconds as it raised |failed after \d{1,3} attempts?(?:\.|:)? /y,
  // marks, brackets, times and places of a log
  /[✕✗⎿│●■•] {0,4}|\[[^\]\n]{1,60}\][ :]{0,2}|\d{2}:\d{2}:\d{2}(?:[.,]\d{1,6})?z?[ -]{0,3}|\d{4}-\d{2}-\d{2}[t ]|[\w./-]{1,60}:\d{1,6} - |\w{1,40}:(?:error|warning|warn|info): /y,
]
const MAX_PREAMBLE_PARTS = 8

/** An object written down that is no JSON: cut short, with quotes not escaped, or in Python's way. */
const WRITTEN_OBJECT = /^(?:b["'])?\[?\{\s{0,20}\\{0,3}["']/

/** The last of these begins the innermost message of such an object. */
const MESSAGE_KEY = /\\{0,7}["']message\\{0,7}["']\s{0,4}:\s{0,4}\\{0,7}(["'])(?!(?:\s|\\n){0,8}\{)/g

/** How far into the words the sender's own statement may begin to speak of the request. */
const MAX_OPENING = 200

/**
 * The sender's own words, in lower case: with `…` for each quotation, and nothing but a preamble where they are a
 * complaint of a field. Takes linear time.
 */
export function wordingOf(message: string): string {
  const text = onEvenLines(readable(message.slice(0, MAX_LENGTH)))
    .toLowerCase()
    .trim()
  const said = afterPreamble(text)
  const preamble = text.slice(0, text.length - said.length)
  const words = WRITTEN_OBJECT.test(said) ? messageIn(said) : preamble === '' ? said : unquoted(said)
  return FIELD_COMPLAINT.test(words) ? preamble : preamble + withoutQuotations(withoutHandingOn(words))
}

/**
 * A sentence that a terminal or a log has broken into lines is one sentence; what stands on a line of its own behind a
 * full stop or a colon stays there. Other white space is one blank.
 */
function onEvenLines(text: string): string {
  if (!UNEVEN.test(text)) return text
  return text
    .replace(/[^\S\n]{1,200}/g, ' ')
    .replace(/([^.:!?\n ]) ?\n ?(?=[^\s])/g, '$1 ')
    .replace(/ ?\n ?/g, '\n')
}

/** White space that is not one plain blank. */
const UNEVEN = / {2}|[^\S ]/

/** A program that hands on an error puts it into quotation marks as a whole: `errored with error: "…`, `err="…`. */
const HANDED_ON = /(\b(?:error|exception|failed|reason|message|err|msg)(?:: ?|=))["“](?=[^"”]{40})/

/** An SDK writes a body that was a text behind its status, in quotation marks: `429 "Your team has …"`. */
function unquoted(said: string): string {
  return said.length > 2 && said.startsWith('"') && said.indexOf('"', 1) === said.length - 1 ? said.slice(1, -1) : said
}

function withoutHandingOn(words: string): string {
  return words.includes('"') || words.includes('“') ? words.replace(HANDED_ON, '$1') : words
}

/** Words that passed through an address: `Incorrect%20API%20key%20provided`. */
function readable(text: string): string {
  return text.includes('%20') ? text.replaceAll('%20', ' ') : text
}

/** What a program writes before an error that it hands on: words of its own about a failure. */
const HANDS_ON = /error|exception|status|fail|provider|upstream|response|code|metadata|returned|失败|错误/

/** How far into a message the error that it hands on may begin. */
const MAX_HANDING_ON = 400

/**
 * Where an object begins that was written down in a message behind a program's own words; -1 where none does, or where
 * what stands there may be the request's.
 */
export function writtenObjectAt(message: string): number {
  const at = message.slice(0, MAX_HANDING_ON).indexOf('{')
  if (at < 0 || !/^\{\s{0,20}\\{0,3}["']/.test(message.slice(at, at + 40))) return -1
  const before = message.slice(0, at).toLowerCase()
  return (before === '' || HANDS_ON.test(before)) && !leadsToQuotation(before) ? at : -1
}

/** Where an SDK, a log or a gateway writes the status of the answer it speaks of; the last is the innermost. */
const STATUS_CUE =
  /\b(?:status(?:[ _]?code)?|http(?:[ _](?:code|status|error))?|error code|api error|response code)\b[ :=(]{1,4}([45]\d\d)\b|\[([45]\d\d) [A-Za-z ]{3,30}\]/gi
/** A status before all words, maybe behind the name of an error. */
const LEADING_STATUS = /^(?:[A-Za-z.]{1,60}: ){0,2}([45]\d\d)\b(?:[ :]|$)/

/** How much of a text is looked at for what programs write into it. */
const MAX_PROSE = 400

/** The HTTP status a text names, 400 to 599. */
export function statusInProse(text: string): number | undefined {
  const beginning = text.slice(0, MAX_PROSE)
  if (!/[45]\d\d/.test(beginning)) return undefined
  let digits = LEADING_STATUS.exec(beginning)?.[1]
  for (const cue of beginning.matchAll(STATUS_CUE)) digits = cue[1] ?? cue[2]
  return digits === undefined ? undefined : Number(digits)
}

/** Names of exceptions, gRPC's names of statuses, and codes in capitals. */
const CODE_IN_PROSE =
  /\b(?:[A-Za-z]{2,50}(?:Exception|Error)|[A-Z][A-Z0-9]{1,30}(?:_[A-Z0-9]{1,30}){1,8})\b|\bcode = ([A-Z][A-Za-z]{2,30})\b|\[(\d{4,5})\]/g
const MAX_CODES = 8
/** Without one of these there is no such code in a text; most texts have none. */
const EXCEPTION = ['Exception'] as const
const HINTS_AT_CODE = ['Exception', 'Error', '_', '[', 'code = '] as const

/**
 * The codes that stand in a text, before its first quotation, in lower case.
 *
 * @param hasCodes fields beside it hold codes already: only exceptions are looked for then
 */
export function codesInProse(text: string, hasCodes = false): string[] {
  // MiniMax and Zhipu end their messages with the number of the error.
  const last = text.at(-1) === ')' || text.at(-2) === ')' ? /\((\d{4,5})\)\W?$/.exec(text.slice(-20))?.[1] : undefined
  const codes = last === undefined ? [] : [last]
  const beginning = text.slice(0, MAX_PROSE)
  if (!(hasCodes ? EXCEPTION : HINTS_AT_CODE).some((hint) => beginning.includes(hint))) return codes
  const quotation = beginning.search(/(?:^|[\s(:=])["'`“‘«]/)
  for (const [name, grpc, number] of beginning
    .slice(0, quotation < 0 ? undefined : quotation)
    .matchAll(CODE_IN_PROSE)) {
    codes.push((grpc ?? number ?? name).toLowerCase())
    if (codes.length === MAX_CODES) break
  }
  return codes
}

/** Does what follows these words belong to the request: in a quotation that has begun, or a complaint of a field? */
export function leadsToQuotation(words: string): boolean {
  const said = afterPreamble(words.toLowerCase())
  return FIELD_COMPLAINT.test(said) || !withoutQuotations(`${said}x`).endsWith('x')
}

/** The wording without what SDKs and gateways put before it. */
export function afterPreamble(wording: string): string {
  return wording.slice(preambleLength(wording))
}

/** How much stands before the words: see `afterPreamble`. */
export function preambleLength(wording: string): number {
  let length = 0
  for (let count = 0; count < MAX_PREAMBLE_PARTS; count += 1) {
    const end = partEnd(wording, length)
    if (end === length) break
    length = end
  }
  return length
}

function partEnd(wording: string, from: number): number {
  for (const preamble of PREAMBLES) {
    preamble.lastIndex = from
    if (preamble.test(wording) && preamble.lastIndex > from) return preamble.lastIndex
  }
  return from
}

/** What comes before the first quotation, colon or line's end: there no text of the request can stand yet. */
export function openingOf(wording: string): string {
  const said = afterPreamble(wording)
  const end = said.slice(0, MAX_OPENING).search(/…|:\s|\n/)
  return wording.slice(0, wording.length - said.length + (end < 0 ? MAX_OPENING : end))
}

/** The value of the innermost `message`; the whole where there is none. */
function messageIn(text: string): string {
  const key = [...text.matchAll(MESSAGE_KEY)].at(-1)
  if (key === undefined) return text.replaceAll(/["']/g, ' ')
  const start = key.index + key[0].length
  const value = text.slice(start)
  const end = value.search(key[1] === '"' ? /"\s{0,4}[,}]/ : /'\s{0,4}[,}]/)
  return end < 0 ? value : value.slice(0, end)
}

/**
 * Quotation marks open before a word and close after one, so that apostrophes are none. What is not closed was cut
 * short: it goes on to the end. A mark that closes nothing shows that the quotation before it held marks itself.
 */
function withoutQuotations(text: string): string {
  if (!MARK.test(text)) return text
  const parts: string[] = []
  /** How many parts stood before the latest quotation that each mark closed. */
  const partsBefore = new Map<string, number>()
  let from = 0
  let closing: string | undefined
  for (const { 0: mark, index: at } of text.matchAll(MARKS)) {
    if (closing !== undefined) {
      if (mark !== closing || !closes(text, at)) continue
      partsBefore.set(closing, parts.length - 1)
      parts.push(QUOTED)
      closing = undefined
      from = at + 1
    } else if (Object.hasOwn(CLOSING, mark) && opens(text, at)) {
      parts.push(text.slice(from, at))
      closing = CLOSING[mark]
    } else if (partsBefore.has(mark) && closes(text, at) && text[at - 1] !== ' ') {
      const before = partsBefore.get(mark) ?? 0
      for (const [other, count] of partsBefore) if (count > before) partsBefore.delete(other)
      parts.length = before + 1
      parts.push(QUOTED)
      from = at + 1
    }
  }
  parts.push(closing === undefined ? text.slice(from) : QUOTED)
  return parts.join('')
}

function opens(text: string, at: number): boolean {
  return !isWord(text[at - 1])
}

function closes(text: string, at: number): boolean {
  return !isWord(text[at + 1]) && text[at - 1] !== '\\'
}

/** Part of a word in scripts that write apostrophes. */
function isWord(character: string | undefined): boolean {
  return character !== undefined && /[\w\u00c0-\u024f\u0370-\u04ff]/.test(character)
}
