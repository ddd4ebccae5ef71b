import type { Outage, OutWindow } from './outages.ts'

/** What a stretch of time was like for something: out for most of it, for a part, waiting for its trial, or none of it. */
export type Mark = 'out' | 'partly' | 'half_open' | 'in'

export interface Spell {
  readonly fromMs: number
  readonly untilMs: number
}

/** Equal stretches of time, from the beginning on. */
export interface Columns {
  readonly count: number
  readonly widthMs: number
}

export function columnsOf(totalMs: number, count: number): Columns {
  return { count, widthMs: totalMs / count }
}

/** How much of each column the spells cover, 0 to 1; they may overlap. */
export function coverage(spells: readonly Spell[], { count, widthMs }: Columns): number[] {
  const merged = mergeSpells(spells)
  return Array.from({ length: count }, (_, column) => {
    const from = column * widthMs
    const covered = merged.reduce(
      (sum, { fromMs, untilMs }) => sum + Math.max(0, Math.min(untilMs, from + widthMs) - Math.max(fromMs, from)),
      0,
    )
    return covered / widthMs
  })
}

/** What each column was like for something that was out now and then. */
export function marksOf({ windows }: Outage, columns: Columns): Mark[] {
  const out = coverage(windows, columns)
  const waiting = coverage(windows.map(untilProven), columns)
  return out.map((share, column) => {
    if (share >= 0.5) return 'out'
    if (share > 0) return 'partly'
    return (waiting[column] ?? 0) > 0 ? 'half_open' : 'in'
  })
}

/** The time after an inferred end in which only a trial was let through. */
function untilProven({ end, untilMs, provenMs }: OutWindow, index: number, windows: readonly OutWindow[]): Spell {
  if (end !== 'inferred') return { fromMs: untilMs, untilMs }
  const next = windows.slice(index + 1).find(({ fromMs }) => fromMs >= untilMs)
  return { fromMs: untilMs, untilMs: provenMs ?? next?.fromMs ?? Number.POSITIVE_INFINITY }
}

/** The same times without overlaps, in order. */
export function mergeSpells(spells: readonly Spell[], gapMs = 0): Spell[] {
  const merged: { fromMs: number; untilMs: number }[] = []
  for (const { fromMs, untilMs } of spells.toSorted((a, b) => a.fromMs - b.fromMs)) {
    const last = merged.at(-1)
    if (last !== undefined && fromMs <= last.untilMs + gapMs) last.untilMs = Math.max(last.untilMs, untilMs)
    else merged.push({ fromMs, untilMs })
  }
  return merged
}

/** How many of these moments fall into each column. */
export function counts(moments: readonly number[], { count, widthMs }: Columns): number[] {
  const perColumn = Array.from({ length: count }, () => 0)
  for (const at of moments) {
    const column = Math.min(count - 1, Math.max(0, Math.floor(at / widthMs)))
    perColumn[column] = (perColumn[column] ?? 0) + 1
  }
  return perColumn
}
