import { FIGURES } from './figures.ts'
import { busyNote, ratioTable } from './ratio-table.ts'
import { CONNECTIONS, type Repeat } from './repeat.ts'
import type { Kind } from './wire.ts'

const MOST = Math.max(...CONNECTIONS)

/** One table for one kind of answer. */
export function report(kind: Kind, repeats: readonly Repeat[]): string {
  const note = busyNote(`at ${MOST} connections`, repeats, ({ tallies }) => tallies.get(MOST))
  return `${ratioTable(kind, FIGURES, repeats)}${note}`
}
