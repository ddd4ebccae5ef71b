import type { Target } from '../target.ts'

/** Have headers said that nothing is left of its quota, so that it comes last within its model? */
export function isSpent({ quotaScope }: Target, now: number): boolean {
  return quotaScope.isSpent(now)
}
