import type { Random } from './clock.ts'
import type { RetryOptions } from './options.ts'

/** More doublings than any delay has room for. */
const MAX_DOUBLINGS = 40

/**
 * How long to wait before the try after the n-th failure (0 is the first): `minDelayMs`, doubled each time if
 * `exponential`, varied by `jitter`, never more than `maxDelayMs`. Milliseconds.
 */
export function retryDelayMs(
  failures: number,
  { minDelayMs, maxDelayMs, jitter, exponential }: RetryOptions,
  random: Random,
): number {
  const delayMs = exponential ? minDelayMs * 2 ** Math.min(failures, MAX_DOUBLINGS) : minDelayMs
  return Math.min(maxDelayMs, Math.round(delayMs * (1 + jitter * (2 * random() - 1))))
}
