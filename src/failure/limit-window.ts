import type { SpokenPhrases } from './spoken-phrases.ts'
import type { Statement } from './statement.ts'

const SECOND_MS = 1_000
const MINUTE_MS = 60 * SECOND_MS
const HOUR_MS = 60 * MINUTE_MS
const DAY_MS = 24 * HOUR_MS

/**
 * How a refusal names the time its limit counts over: in words (`tokens per min (TPM)`, `per day (RPD)`, `per 86400s`), and
 * in Google's `quotaId` (`GenerateRequestsPerDayPerProjectPerModel-FreeTier`). The longer ones stand first: who says both has
 * run into the longer.
 */
const NAMES: readonly (readonly [windowMs: number, names: readonly string[]])[] = [
  [30 * DAY_MS, ['per month', '/ month', 'permonth', 'monthly']],
  [7 * DAY_MS, ['per week', 'weekly', 'perweek']],
  [DAY_MS, ['per day', 'per-day', '/day', '/ day', '(rpd)', '(tpd)', 'perday', 'daily', 'per 86400s']],
  [HOUR_MS, ['per hour', 'hourly', 'perhour', '/hour']],
  [MINUTE_MS, ['per min', 'per-minute', '/min', '/ min', '(rpm)', '(tpm)', 'perminute']],
  [SECOND_MS, ['per second', '/s)', 'persecond', 'qps']],
]

/** What the texts of statements are looked through for. */
export const WINDOW_NAMES = NAMES.flatMap(([, names]) => names)

/** The time a limit counts over, milliseconds, where one of these statements says so. A month is 30 days. */
export function limitWindowOf(statements: readonly Statement[], phrases: SpokenPhrases): number | undefined {
  for (const { codes, text } of statements) {
    const said = phrases.in(text)
    // A name of many words is written without blanks: only there a part of a word counts.
    const quota = codes.find((code) => code.includes('per'))
    const found = NAMES.find(([, names]) => names.some((name) => said.has(name) || quota?.includes(name) === true))
    if (found !== undefined) return found[0]
  }
  return undefined
}
