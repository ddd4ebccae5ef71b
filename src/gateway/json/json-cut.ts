import type { Cut } from '../../dialects/index.ts'
import { childrenOf, type JsonChild } from './json-walk.ts'

interface Gap {
  readonly start: number
  readonly end: number
}

/** Cuts out of valid JSON what the cut names, with the commas that belong to it; every other byte stays as it is. */
export function cutJson(bytes: Buffer, start: number, cut: Cut): Buffer {
  const gaps: Gap[] = []
  addGaps(bytes, start, cut, gaps)
  if (gaps.length === 0) return bytes
  const pieces: Buffer[] = []
  let from = 0
  for (const gap of gaps) {
    pieces.push(bytes.subarray(from, gap.start))
    from = gap.end
  }
  pieces.push(bytes.subarray(from))
  return Buffer.concat(pieces)
}

/** In the order of the text. What is cut takes the commas behind it along; at the end, the one before it. */
function addGaps(bytes: Buffer, start: number, cut: Cut, gaps: Gap[]): void {
  if (cut === 'all') return
  const children = [...childrenOf(bytes, start)]
  /** The first of those that go, one after another. */
  let first: JsonChild | undefined
  let kept: JsonChild | undefined
  for (const child of children) {
    const inner = cut.get(child.step)
    if (inner === 'all') {
      first ??= child
      continue
    }
    if (first !== undefined) gaps.push({ start: first.start, end: child.start })
    first = undefined
    kept = child
    if (inner !== undefined) addGaps(bytes, child.valueStart, inner, gaps)
  }
  const last = children.at(-1)
  if (first !== undefined && last !== undefined) gaps.push({ start: kept?.end ?? first.start, end: last.end })
}
