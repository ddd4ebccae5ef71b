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
  if (Math.round(ms) < 1_000) return `${Math.round(ms)}ms`
  const tenths = Math.round(ms / 100)
  if (tenths < 600) return `${tenths / 10}s`
  // Whoever counts in hours or minutes is not interested in tenths.
  const whole = Math.round(ms / 1_000)
  const parts = [
    { amount: Math.floor(whole / 3_600), unit: 'h' },
    { amount: Math.floor(whole / 60) % 60, unit: 'm' },
    { amount: whole % 60, unit: 's' },
  ]
  return parts.flatMap(({ amount, unit }) => (amount === 0 ? [] : [`${amount}${unit}`])).join('')
}
