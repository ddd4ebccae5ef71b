import type { Target } from '../target.ts'

/** Chooses among the targets of one model that are open. */
export interface Strategy {
  /**
   * @param open at least one, in configured order
   * @param sessionKey requests of one session should stay together
   */
  choose(open: readonly [Target, ...Target[]], sessionKey: string | undefined): Target
}
