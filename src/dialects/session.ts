import { asObject, objectsIn } from './json.ts'
import type { SessionGuess } from './request-format.ts'

/** A name that is longer is known by its digest. */
const MAX_KEY_LENGTH = 256
/** The first user message stands among the first few; whoever has more before it begins every session with them. */
const MAX_LOOKED_AT = 32
/** How much of the beginning and of the end of a text tells it from others, characters; its length does, too. */
const SAMPLE_LENGTH = 512
/** FNV-1a: http://www.isthe.com/chongo/tech/comp/fnv */
const FNV_OFFSET = 0x811c9dc5
const FNV_PRIME = 0x01000193
/** The same with another odd factor gives 32 further bits. */
const OTHER_PRIME = 0x85ebca6b

/** A session that goes by a name its client gave it. */
export function namedSession(name: unknown): SessionGuess | undefined {
  if (typeof name !== 'string' || name === '') return undefined
  return { key: name.length <= MAX_KEY_LENGTH ? name : digestOf([name], name.length), isNamed: true }
}

/** What a conversation begins with. */
interface Beginning {
  readonly system: string
  readonly firstUserMessage: string
}

/**
 * A session that has no name, known by what stays the same in all its requests. Texts are sampled, so that it costs
 * some microseconds whatever their length; two sessions that begin alike are one, which does no harm.
 */
export function begunSession({ system, firstUserMessage }: Beginning): SessionGuess | undefined {
  if (system === '' && firstUserMessage === '') return undefined
  return { key: digestOf([system, firstUserMessage], SAMPLE_LENGTH), isNamed: false }
}

/**
 * Reads on until the first user message; undefined where there is none.
 *
 * @param roleOf what a message is to the session; the content of other messages does not matter
 */
export function beginningOf(
  messages: Iterable<unknown>,
  system: string,
  roleOf: (message: unknown) => { readonly role: 'system' | 'user'; readonly content: unknown } | undefined,
): Beginning | undefined {
  let lookedAt = 0
  let instructions = system
  for (const message of messages) {
    const known = roleOf(message)
    if (known?.role === 'user') return { system: instructions, firstUserMessage: textOf(known.content) }
    if (known?.role === 'system') instructions += textOf(known.content)
    lookedAt += 1
    if (lookedAt === MAX_LOOKED_AT) break
  }
  return undefined
}

/** The text of a content: a text, or parts of which some have one. Marks beside it, such as `cache_control`, move about. */
export function textOf(content: unknown): string {
  if (typeof content === 'string') return content
  return objectsIn(content)
    .map(({ text }) => (typeof text === 'string' ? text : ''))
    .join('')
}

/** How chat messages are told apart, in all dialects that have learnt from OpenAI's. */
export function chatRole(
  message: unknown,
): { readonly role: 'system' | 'user'; readonly content: unknown } | undefined {
  const { role, content } = asObject(message) ?? {}
  if (role === 'user') return { role, content }
  return role === 'system' || role === 'developer' ? { role: 'system', content } : undefined
}

/** 64 bits of the texts, as a text. No secret is kept by it: it need not withstand anybody. */
function digestOf(texts: readonly string[], sampleLength: number): string {
  let first = FNV_OFFSET
  let second = FNV_OFFSET
  const take = (value: number): void => {
    first = Math.imul(first ^ value, FNV_PRIME)
    second = Math.imul(second ^ value, OTHER_PRIME)
  }
  for (const text of texts) {
    take(text.length)
    const headEnd = Math.min(text.length, sampleLength)
    for (let at = 0; at < headEnd; at += 1) take(text.charCodeAt(at))
    for (let at = Math.max(headEnd, text.length - sampleLength); at < text.length; at += 1) take(text.charCodeAt(at))
  }
  return `${(first >>> 0).toString(36)}-${(second >>> 0).toString(36)}`
}
