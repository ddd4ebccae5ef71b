import type { Random } from '../clock.ts'

/**
 * What put something out of use, as far as the length of its windows goes. The names are those of the `cooldown`
 * option.
 */
export type WindowKind = 'rateLimit' | 'breaker' | 'billing' | 'auth' | 'permission' | 'error'

export const WINDOW_KINDS = [
  'rateLimit',
  'breaker',
  'billing',
  'auth',
  'permission',
  'error',
] as const satisfies readonly WindowKind[]

/** What lies with the key itself, so that a changed one ends it. */
export const KEY_KINDS: readonly WindowKind[] = ['auth', 'billing', 'permission']

/** Bounds of the windows we infer ourselves, milliseconds. A provider's own word is not bounded by them. */
export interface LadderOptions {
  /** The first window. */
  readonly minMs: number
  /** No window is longer. */
  readonly maxMs: number
}

/**
 * How windows grow with each failure that follows one: as multiples of the first.
 *
 * The breaker jumps quickly to its maximum: its windows are short anyway, and a failed trial says much more than the
 * failures that opened it. Auth: 1 min, 5 min, 30 min, 1 h (failure policy, section 1). The others double.
 */
const MULTIPLES: Readonly<Record<WindowKind, readonly number[]>> = {
  rateLimit: [1, 2, 4, 8, 16, 32, 64],
  breaker: [1, 8, 16],
  billing: [1, 2, 4, 8, 16, 32],
  auth: [1, 5, 30, 60],
  permission: [1, 2, 4, 8, 16, 32, 64],
  error: [1, 2, 4, 8, 16],
}

/** Windows are lengthened by up to this ratio, so that what failed together does not come back together. */
const JITTER_RATIO = 0.1

/** The lengths of all rungs, without what is added by chance, milliseconds; the last one repeats. */
export function rungsMs(kind: WindowKind, ladder: LadderOptions): readonly number[] {
  const lengths = MULTIPLES[kind].map((_, rung) => rungMs(kind, rung, ladder, () => 0))
  return lengths.filter((length, index) => length !== lengths[index - 1])
}

/** The length of the window on a rung of the ladder (0 is the first), in whole milliseconds. */
export function rungMs(kind: WindowKind, rung: number, { minMs, maxMs }: LadderOptions, random: Random): number {
  const multiples = MULTIPLES[kind]
  const multiple = multiples[Math.min(rung, multiples.length - 1)] ?? 1
  return Math.min(maxMs, Math.round(minMs * multiple * (1 + JITTER_RATIO * random())))
}
