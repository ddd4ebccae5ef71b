import { type ClosedLoop, type OpenLoop, runClosedLoop, runOpenLoop, type Tally } from './loops.ts'

/** What the suite asks for, over IPC. */
export type Order =
  | { readonly name: 'closed'; readonly loop: ClosedLoop }
  | { readonly name: 'open'; readonly loop: OpenLoop }

export type Reply =
  | { readonly name: 'measured'; readonly figures: Tally | readonly number[] }
  | { readonly name: 'failed'; readonly message: string }

process.on('message', async (order: Order) => {
  let reply: Reply
  try {
    const figures = order.name === 'closed' ? await runClosedLoop(order.loop) : await runOpenLoop(order.loop)
    reply = { name: 'measured', figures }
  } catch (error) {
    reply = { name: 'failed', message: error instanceof Error ? error.message : String(error) }
  }
  process.send?.(reply)
})
