import type { ChildProcess } from 'node:child_process'
import { ask } from './ask.ts'
import type { Order, Target } from './load-generator.ts'
import type { ClosedLoop, OpenLoop, Tally } from './loops.ts'

/** Time a phase may take beyond its own before it counts as stuck. */
export const GRACE_MS = 15_000

/** The load generator, seen from the suite: one phase at a time. */
export class Load {
  readonly #child: ChildProcess

  constructor(child: ChildProcess) {
    this.#child = child
  }

  async closedLoop(target: Target, loop: ClosedLoop): Promise<Tally> {
    return this.#order<Tally>({ name: 'closed', target, loop })
  }

  async openLoop(target: Target, loop: OpenLoop): Promise<readonly number[]> {
    return this.#order<readonly number[]>({ name: 'open', target, loop })
  }

  #order<Figures>(order: Order): Promise<Figures> {
    return ask(this.#child, order, order.loop.rampMs + order.loop.measuredMs + GRACE_MS)
  }
}
