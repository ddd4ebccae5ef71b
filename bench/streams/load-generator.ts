import { setTimeout as sleep } from 'node:timers/promises'
import { AnswerReader } from '../gateway/answer-reader.ts'
import { answerOrders } from '../gateway/ask.ts'
import { type ClosedLoop, type Phase, runClosedLoop } from '../gateway/loops.ts'
import { cpuSeconds } from '../gateway/process-usage.ts'
import { OpenStreams } from './open-streams.ts'
import { StampReader } from './stamp-reader.ts'
import { type Shape, STREAMS } from './wire.ts'

export interface StreamTarget {
  readonly port: number
  readonly shape: Shape
  /** The model as this target wants it named. */
  readonly model: string
}

export interface PacedPhase extends Phase {
  readonly streams: number
  /** Whose CPU time counts. */
  readonly pids: readonly number[]
}

/** How long each chunk was under way, milliseconds, and what they cost. */
export interface Delays {
  readonly ms: readonly number[]
  readonly cpuSeconds: number | undefined
}

/** What the suite asks for. */
export type Order =
  | { readonly name: 'whole'; readonly target: StreamTarget; readonly loop: ClosedLoop }
  | { readonly name: 'paced'; readonly target: StreamTarget; readonly phase: PacedPhase }
  /** Opens so many streams in each shape, and answers once all of them are idle. */
  | { readonly name: 'hold'; readonly targets: readonly StreamTarget[]; readonly streams: number }
  /** Leaves them. */
  | { readonly name: 'leave' }

const held: OpenStreams[] = []

answerOrders<Order>((order) => {
  switch (order.name) {
    case 'whole':
      return runWhole(order.target, order.loop)
    case 'paced':
      return runPaced(order.target, order.phase)
    case 'hold':
      return hold(order.targets, order.streams)
    case 'leave':
      return leave()
  }
})

function runWhole({ port, shape, model }: StreamTarget, loop: ClosedLoop): Promise<unknown> {
  const { expected, requestBytes } = STREAMS[shape]
  return runClosedLoop({ port, request: requestBytes(model, port), expected }, loop)
}

async function runPaced({ port, shape, model }: StreamTarget, phase: PacedPhase): Promise<Delays> {
  const { rampMs, measuredMs, streams, pids } = phase
  const ms: number[] = []
  const group = new OpenStreams()
  const request = STREAMS[shape].requestBytes(model, port)
  const measure = async (): Promise<Delays> => {
    const read = () => {
      const reader = new StampReader((delayMs) => ms.push(delayMs))
      return (arrived: Buffer) => reader.feed(arrived)
    }
    await group.open({ port, request, count: streams, read })
    await sleep(rampMs)
    ms.length = 0
    const before = cpuSeconds(pids)
    await sleep(measuredMs)
    const after = cpuSeconds(pids)
    return { ms, cpuSeconds: before === undefined || after === undefined ? undefined : after - before }
  }
  try {
    return await Promise.race([measure(), group.failed])
  } finally {
    group.close()
  }
}

async function hold(targets: readonly StreamTarget[], streams: number): Promise<void> {
  const group = new OpenStreams()
  held.push(group)
  const idle = targets.map(async ({ port, shape, model }) => {
    const { expected, idleBytes, requestBytes } = STREAMS[shape]
    const { promise, resolve } = Promise.withResolvers<void>()
    let waiting = streams
    const read = () => {
      const reader = new AnswerReader(expected)
      return (arrived: Buffer) => {
        const wasIdle = reader.bodyBytes >= idleBytes
        reader.feed(arrived)
        if (wasIdle || reader.bodyBytes < idleBytes) return
        waiting -= 1
        if (waiting === 0) resolve()
      }
    }
    await group.open({ port, request: requestBytes(model, port), count: streams, read })
    await promise
  })
  await Promise.race([Promise.all(idle), group.failed])
}

function leave(): void {
  for (const group of held.splice(0)) group.close()
}
