import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import type { Order, Reply } from './load-generator.ts'
import type { ClosedLoop, OpenLoop, Tally } from './loops.ts'

/** Time a phase may take beyond its own before it counts as stuck. */
const GRACE_MS = 15_000

/** The load generator, seen from the suite: one phase at a time. */
export class Load {
  readonly #child: ChildProcess

  constructor(child: ChildProcess) {
    this.#child = child
  }

  async closedLoop(loop: ClosedLoop): Promise<Tally> {
    return (await this.#order({ name: 'closed', loop })) as Tally
  }

  async openLoop(loop: OpenLoop): Promise<readonly number[]> {
    return (await this.#order({ name: 'open', loop })) as readonly number[]
  }

  async #order(order: Order): Promise<Tally | readonly number[]> {
    const settled = new AbortController()
    const timeout = AbortSignal.timeout(order.loop.rampMs + order.loop.measuredMs + GRACE_MS)
    const signal = AbortSignal.any([settled.signal, timeout])
    const ended = once(this.#child, 'exit', { signal }).then(() => {
      throw new Error('the load generator ended')
    })
    ended.catch(() => {})
    try {
      this.#child.send(order)
      const [reply] = (await Promise.race([once(this.#child, 'message', { signal }), ended])) as [Reply]
      if (reply.name === 'failed') throw new Error(reply.message)
      return reply.figures
    } catch (error) {
      throw timeout.aborted ? new Error('answers stopped coming') : error
    } finally {
      settled.abort()
    }
  }
}
