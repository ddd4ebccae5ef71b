import type { Target } from '../target.ts'

/** Has its quota been told to be used up, so that it comes last within its model? Nobody tells yet. */
export function isSpent(_target: Target, _now: number): boolean {
  return false
}
