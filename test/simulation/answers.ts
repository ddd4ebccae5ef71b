import { type Dice, deriveSeed } from './random.ts'

/**
 * How an answer goes. Answers are texts of numbered pieces, `<-12.3>`: in which voice it is said, to whom, and its place;
 * so that it is seen where one is missing, comes twice, or belongs to another answer.
 */
export interface Voice {
  /** From this place on it says something else than all the others. */
  readonly from: number
  /** What it says it says with this letter. */
  readonly letter: string
  /** How many pieces it has. */
  readonly pieces: number
  /** It leaves out the white space at the end. */
  readonly isTrimmed: boolean
}

/** White space between what was said before and what is said now. */
export type SpaceManner = 'keeps' | 'drops' | 'changes'

/** The letter of what all say who say the same. */
export const COMMON = '-'
const PIECE = /\s*<([-a-z])(\d+)\.(\d+)>/y

/** All that is said to this caller in this voice. */
export function textIn(voice: Voice, caller: number): string {
  const text = spaceAfter(caller, -1) + textFrom(voice, caller, 0)
  return voice.isTrimmed ? text.trimEnd() : text
}

/** What a model says that goes on from this beginning of an answer. */
export function continuationOf(prefill: string, voice: Voice, caller: number, manner: SpaceManner): string {
  const { places, rest } = readPieces(prefill)
  const begun = pieceOf(rest[1] ?? letterAt(voice, places), caller, places)
  const text =
    rest === ''
      ? spaceOf(manner, spaceAfter(caller, places - 1)) + textFrom(voice, caller, places)
      : begun.slice(rest.length) + spaceAfter(caller, places) + textFrom(voice, caller, places + 1)
  return voice.isTrimmed ? text.trimEnd() : text
}

/** What the caller has got where a model goes on from this beginning and says this, in every way that is right. */
export function joinedOf(prefill: string, said: string, caller: number): readonly string[] {
  const { places, rest } = readPieces(prefill)
  if (rest !== '' || /^\s/.test(said)) return [prefill + said]
  // White space that was delivered behind the beginning stands between them.
  const space = spaceAfter(caller, places - 1)
  return Array.from({ length: space.length + 1 }, (_, length) => prefill + space.slice(0, length) + said)
}

/** The call of a tool, which comes after all that is said. */
export function callTo(caller: number): string {
  return `{${caller}}`
}

/** What is wrong with what a caller got: a piece that is missing, comes twice, or is another's. */
export function disorderIn(text: string, caller: number): string | undefined {
  const call = callTo(caller)
  const said = text.endsWith(call) ? text.slice(0, -call.length) : text
  const { places, rest, callers } = readPieces(said)
  const other = callers.find((each) => each !== caller)
  if (other !== undefined) return `what was said to ${other}`
  return pieceOf(rest[1] ?? COMMON, caller, places).startsWith(rest)
    ? undefined
    : `${JSON.stringify(rest)} where piece ${places} was to come`
}

/** A text as it comes in events, cut anywhere. */
export function cutIntoChunks(text: string, dice: Dice, maxChunks: number): string[] {
  const cuts = Array.from({ length: dice.int(1, maxChunks) - 1 }, () => dice.int(0, text.length))
  const places = [0, ...cuts.sort((a, b) => a - b), text.length]
  return places.slice(1).flatMap((end, index) => text.slice(places[index], end) || [])
}

/** How many pieces stand in order at the beginning of a text, to whom they are said, and what comes after them. */
function readPieces(text: string): { places: number; rest: string; callers: number[] } {
  const callers: number[] = []
  let end = 0
  for (;;) {
    PIECE.lastIndex = end
    const [, , caller, place] = PIECE.exec(text) ?? []
    if (caller === undefined || Number(place) !== callers.length) break
    callers.push(Number(caller))
    end = PIECE.lastIndex
  }
  return { places: callers.length, rest: text.slice(end).trimStart(), callers }
}

function textFrom(voice: Voice, caller: number, first: number): string {
  let text = ''
  for (let place = first; place < voice.pieces; place += 1)
    text += pieceOf(letterAt(voice, place), caller, place) + spaceAfter(caller, place)
  return text
}

function pieceOf(letter: string, caller: number, place: number): string {
  return `<${letter}${caller}.${place}>`
}

function letterAt({ from, letter }: Voice, place: number): string {
  return place < from ? COMMON : letter
}

/** The same in every voice. */
function spaceAfter(caller: number, place: number): string {
  const kind = deriveSeed(caller, place) % 10
  if (place < 0) return kind === 0 ? '\n' : ''
  return ['', '', '', ' ', ' ', ' ', ' ', '\n', ' \n', '\n\n'][kind] ?? ''
}

function spaceOf(manner: SpaceManner, space: string): string {
  if (manner === 'keeps') return space
  return manner === 'drops' ? '' : '\t'
}
