import { answerOrders } from './ask.ts'
import type { Exchange } from './connections.ts'
import { type ClosedLoop, type OpenLoop, runClosedLoop, runOpenLoop } from './loops.ts'
import { ANSWERS, type Kind, requestBytes } from './wire.ts'

export interface Target {
  readonly port: number
  readonly kind: Kind
  /** The model as this target wants it named. */
  readonly model: string
}

/** What the suite asks for. */
export type Order =
  | { readonly name: 'closed'; readonly target: Target; readonly loop: ClosedLoop }
  | { readonly name: 'open'; readonly target: Target; readonly loop: OpenLoop }

answerOrders<Order>((order) =>
  order.name === 'closed'
    ? runClosedLoop(exchangeWith(order.target), order.loop)
    : runOpenLoop(exchangeWith(order.target), order.loop),
)

function exchangeWith({ port, kind, model }: Target): Exchange {
  return { port, request: requestBytes(kind, model, port), expected: ANSWERS[kind] }
}
