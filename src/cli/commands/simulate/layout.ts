import { DEFAULT_COLUMNS } from '../../../simulate/index.ts'

/** How a report is spread over the lines of a terminal. */
export interface Layout {
  /** Characters in a line. */
  readonly width: number
  /** Of the names in front of a timeline. */
  readonly labelWidth: number
  /** Of the timeline itself. */
  readonly columns: number
}

const DEFAULT_WIDTH = 80
const MIN_WIDTH = 40
/** Around both: the indent, a space, and a bar at each end. */
const FRAME = 5
const MAX_LABEL = 40
const MIN_LABEL = 14

/** @param width characters in a line; default: 80, as for what is piped */
export function layoutFor(width = 0): Layout {
  // Some terminals say that they have none.
  const whole = width === 0 ? DEFAULT_WIDTH : Math.max(MIN_WIDTH, width)
  const columns = Math.min(DEFAULT_COLUMNS, whole - FRAME - Math.max(MIN_LABEL, Math.round(whole * 0.32)))
  return { width: whole, labelWidth: Math.min(MAX_LABEL, whole - FRAME - columns), columns }
}

/** A label of exactly this width: what is too long is cut in the middle, since its end says why. */
export function toWidth(label: string, width: number): string {
  const characters = [...label]
  if (characters.length <= width) return label + ' '.repeat(width - characters.length)
  const tail = Math.ceil((width - 1) / 2)
  return `${characters.slice(0, width - 1 - tail).join('')}…${characters.slice(-tail).join('')}`
}

/** A text on lines of this width, broken between words; those after the first are indented. */
export function wrap(text: string, width: number, indent: number): string[] {
  const lines: string[] = []
  let line = ''
  for (const word of text.split(' ')) {
    if (line.trim() !== '' && line.length + 1 + word.length > width) {
      lines.push(line)
      line = ' '.repeat(indent) + word
    } else line = line === '' && lines.length === 0 ? word : `${line} ${word}`
  }
  return [...lines, line]
}
