import { formatTarget } from '../../engine/index.ts'
import type { TargetRef } from '../../failure/index.ts'

/** What the gateway itself tells of an answer. */
export interface OwnWords {
  /** Who answers; undefined where nobody was asked. */
  readonly target: TargetRef | undefined
  /** How many were made. */
  readonly attempts: number
}

/** As headers: names and values in turn. */
export function ownHeaders({ target, attempts }: OwnWords): string[] {
  const answering = target === undefined ? [] : ['x-hotspare-target', asHeader(formatTarget(target))]
  return [...answering, 'x-hotspare-attempts', `${attempts}`]
}

/** As a comment at the end of a stream whose head had to go out before that was known. */
export function ownComment(words: OwnWords): string {
  const headers = ownHeaders(words)
  const lines = headers.flatMap((name, index) => (index % 2 === 0 ? [`: ${name}: ${headers[index + 1]}\n`] : []))
  return `${lines.join('')}\n`
}

/** Names of models and profiles may hold what no header can carry. */
function asHeader(text: string): string {
  return /^[\x20-\x7e]*$/.test(text) ? text : encodeURI(text.toWellFormed())
}
