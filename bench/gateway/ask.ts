import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'

/** What a child of the suite answers, over IPC. */
type Reply<Figures> =
  | { readonly name: 'measured'; readonly figures: Figures }
  | { readonly name: 'failed'; readonly message: string }

/** Gives a child an order and waits for its answer; one order at a time. */
export async function ask<Figures>(child: ChildProcess, order: object, withinMs: number): Promise<Figures> {
  const settled = new AbortController()
  const timeout = AbortSignal.timeout(withinMs)
  const signal = AbortSignal.any([settled.signal, timeout])
  const ended = once(child, 'exit', { signal }).then(() => {
    throw new Error('the process that measures ended')
  })
  ended.catch(() => {})
  try {
    child.send(order)
    const [reply] = (await Promise.race([once(child, 'message', { signal }), ended])) as [Reply<Figures>]
    if (reply.name === 'failed') throw new Error(reply.message)
    return reply.figures
  } catch (error) {
    throw timeout.aborted ? new Error(`nothing was measured within ${withinMs / 1_000} s`) : error
  } finally {
    settled.abort()
  }
}

/** The other side: does what it is told, and answers. */
export function answerOrders<Order>(measure: (order: Order) => unknown): void {
  process.on('message', async (order: Order) => {
    let reply: Reply<unknown>
    try {
      reply = { name: 'measured', figures: await measure(order) }
    } catch (error) {
      reply = { name: 'failed', message: error instanceof Error ? error.message : String(error) }
    }
    process.send?.(reply)
  })
}
