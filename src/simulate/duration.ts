const UNITS_MS = { h: 3_600_000, m: 60_000, s: 1_000, ms: 1 } as const
const WRITTEN = /^(?:\d+(?:\.\d+)?(?:ms|h|m|s)\s*)+$/
const PART = /(\d+(?:\.\d+)?)(ms|h|m|s)/g

/** Milliseconds of a time as it is written in a scenario: a number of minutes, or `90s`, `5m`, `1h30m`. */
export function durationMs(written: number | string): number | undefined {
  if (typeof written === 'number') return written >= 0 && Number.isFinite(written) ? written * UNITS_MS.m : undefined
  const text = written.trim()
  if (/^\d+(?:\.\d+)?$/.test(text)) return Number(text) * UNITS_MS.m
  if (!WRITTEN.test(text)) return undefined
  let ms = 0
  for (const [, amount, unit] of text.matchAll(PART)) ms += Number(amount) * UNITS_MS[unit as keyof typeof UNITS_MS]
  return ms
}

/** `5m`, `90s`, `1h30m`, `250ms`: the shortest way to write it, to a tenth of a second. */
export function formatDuration(ms: number): string {
  if (ms < 1_000) return `${Math.round(ms)}ms`
  const tenths = Math.round(ms / 100)
  const hours = Math.floor(tenths / 36_000)
  const minutes = Math.floor((tenths % 36_000) / 600)
  const seconds = (tenths % 600) / 10
  const parts = [
    hours > 0 ? `${hours}h` : '',
    minutes > 0 ? `${minutes}m` : '',
    // Whoever counts in hours or minutes is not interested in tenths.
    seconds > 0 ? `${hours > 0 || minutes > 0 ? Math.round(seconds) : seconds}s` : '',
  ].filter((part) => part !== '' && part !== '0s')
  return parts.join('')
}
