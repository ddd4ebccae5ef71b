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

/**
 * A complaint of one field of the request, as Anthropic and validators write it: `messages.0.content.1.text: …`. A bare
 * field counts only where it can be no word of its own.
 */
const FIELD_COMPLAINT =
  /^(?:body[./])?(?:(?:messages|system|tools|tool_choice|functions|input|prompt|metadata|thinking|contents|instructions)(?:[./]\w{1,64}|\[\d{1,9}\]){1,32}|messages|tools|tool_choice|stop_sequences|contents): /

/** What SDKs and gateways put before the words: a class of error, Google's name of a status, an upstream, a status. */
const PREAMBLE =
  /^(?:[\w.]{0,40}(?:error|exception): |provider returned error: )?(?:(?:invalid_argument|failed_precondition|permission_denied|unauthenticated|resource_exhausted|not_found|out_of_range|unavailable|internal): )?(?:\w{0,40}exception - )?(?:http |api error: |error code: )?(?:[45]\d\d\b[ :-]{0,3})?/

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
  const text = message.slice(0, MAX_LENGTH).toLowerCase().trim()
  const said = afterPreamble(text)
  const words = WRITTEN_OBJECT.test(said) ? messageIn(said) : said
  const preamble = text.slice(0, text.length - said.length)
  return FIELD_COMPLAINT.test(words) ? preamble : preamble + withoutQuotations(words)
}

/** Does what follows these words belong to the request: in a quotation that has begun, or a complaint of a field? */
export function leadsToQuotation(words: string): boolean {
  const said = afterPreamble(words.toLowerCase())
  return FIELD_COMPLAINT.test(said) || !withoutQuotations(`${said}x`).endsWith('x')
}

/** The wording without what SDKs and gateways put before it. */
export function afterPreamble(wording: string): string {
  return wording.slice(PREAMBLE.exec(wording)?.[0].length ?? 0)
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
  const parts: string[] = []
  /** How many parts stood before the latest quotation that each mark closed. */
  const partsBefore = new Map<string, number>()
  let from = 0
  let closing: string | undefined
  for (let at = 0; at < text.length; at += 1) {
    const mark = text[at] ?? ''
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
