import type { Dice } from '../simulation/random.ts'

export type DialectName = 'openai' | 'anthropic'

/** What an answer consists of, whoever writes it down. */
export type Piece =
  | { readonly kind: 'text'; readonly text: string }
  /** `signature`: it can be shown to nobody but its maker. */
  | { readonly kind: 'reasoning'; readonly text: string; readonly signature?: string }
  | { readonly kind: 'call'; readonly name: string; readonly json: string }

export type Answer = readonly Piece[]

/** How a provider writes an answer down. */
export interface Hand {
  readonly id: string
  readonly model: string
  /** Epoch seconds. */
  readonly created: number
  readonly newline: '\n' | '\r\n'
  /** Whatever is not ASCII is written as `\uXXXX`. */
  readonly isEscaped: boolean
  /** Pings and comments stand between its events. */
  readonly hasPings: boolean
  readonly hasUsage: boolean
  readonly inputTokens: number
  /** Where texts are cut into tokens. */
  readonly split: (text: string) => readonly string[]
}

/** An answer as it goes over the wire: its events, each with its blank line, and the tokens it says that it took. */
export interface Written {
  readonly events: readonly string[]
  readonly outputTokens: number
}

export function textOf(answer: Answer): string {
  return answer.map((piece) => (piece.kind === 'text' ? piece.text : '')).join('')
}

export function reasoningOf(answer: Answer): string {
  return answer.map((piece) => (piece.kind === 'reasoning' ? piece.text : '')).join('')
}

export function callsOf(answer: Answer): Extract<Piece, { kind: 'call' }>[] {
  return answer.filter((piece) => piece.kind === 'call')
}

/** What is left of an answer whose text was said as far as this; undefined where it does not begin so. */
export function remainderOf(answer: Answer, said: string): Answer | undefined {
  if (!textOf(answer).startsWith(said)) return undefined
  let left = said.length
  return answer.flatMap((piece): Answer => {
    if (piece.kind !== 'text') return left > 0 || (piece.kind === 'reasoning' && said !== '') ? [] : [piece]
    const text = piece.text.slice(left)
    left = Math.max(0, left - piece.text.length)
    return text === '' ? [] : [{ kind: 'text', text }]
  })
}

const OTHER_WORDS = '∆ Nothing of this was ever said: it goes on in quite another way.'

/** An answer to the same question that agrees with this one for so many characters of its text. */
export function otherAfter(answer: Answer, characters: number): Answer {
  let left = characters
  let hasTurned = false
  return answer.flatMap((piece): Answer => {
    if (piece.kind === 'call') return [{ ...piece, json: '{"other":true}' }]
    if (piece.kind === 'reasoning') return [piece]
    if (hasTurned) return []
    const same = wholeCharacters(piece.text.slice(0, left))
    hasTurned = left < piece.text.length
    left -= piece.text.length
    return [{ kind: 'text', text: hasTurned ? same + OTHER_WORDS : same }]
  })
}

function wholeCharacters(text: string): string {
  return text.isWellFormed() ? text : text.slice(0, -1)
}

/** The same answer, thought about in other words. */
export function rethought(answer: Answer): Answer {
  return answer.map((piece) =>
    piece.kind === 'reasoning'
      ? {
          ...piece,
          text: `Seen from elsewhere: ${piece.text}`,
          ...(piece.signature !== undefined && { signature: `b3RoZXI${piece.signature}` }),
        }
      : piece,
  )
}

/** A token is a word with the white space before it. */
export function byWords(text: string): string[] {
  return text.match(/\s*\S+|\s+$/g) ?? []
}

export function byTwoWords(text: string): string[] {
  return text.match(/(?:\s*\S+){1,2}|\s+$/g) ?? []
}

/** Tokens of any length, without regard to words. */
export function anywhere(dice: Dice): (text: string) => string[] {
  return (text) => {
    const characters = [...text]
    const tokens: string[] = []
    while (characters.length > 0) tokens.push(characters.splice(0, dice.magnitude(1, 16)).join(''))
    return tokens
  }
}

/** Between the two halves of a character that takes two code units, too: each goes over the wire as an escape. */
export function throughPairs(text: string): string[] {
  return byTwoWords(text).flatMap((word) => word.split(/(?<=[\ud800-\udbff])(?=[\udc00-\udfff])/))
}

/** JSON as this hand writes it. Halves of characters are always escaped: UTF-8 has no bytes for them. */
export function jsonIn({ isEscaped }: Hand, value: unknown): string {
  const json = JSON.stringify(value)
  return isEscaped ? json.replaceAll(/[\u0080-\uffff]/g, escapeOf) : json
}

function escapeOf(unit: string): string {
  return `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`
}
