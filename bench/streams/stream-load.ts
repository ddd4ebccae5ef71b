import type { ChildProcess } from 'node:child_process'
import { ask } from '../gateway/ask.ts'
import { GRACE_MS } from '../gateway/load.ts'
import type { ClosedLoop, Tally } from '../gateway/loops.ts'
import type { Way } from '../gateway/ways.ts'
import type { Delays, Order, PacedPhase, StreamTarget } from './load-generator.ts'
import { type Pace, type Sending, type Shape, STREAMS } from './wire.ts'

/** The load generator of the streams, seen from the suite: one phase at a time. */
export class StreamLoad {
  readonly #child: ChildProcess

  constructor(child: ChildProcess) {
    this.#child = child
  }

  /** Whole streams, one after the other on each connection. */
  whole(way: Way, shape: Shape, sending: Sending, loop: ClosedLoop): Promise<Tally> {
    return this.#order({ name: 'whole', target: targetOf(way, shape, sending), loop }, loop.rampMs + loop.measuredMs)
  }

  paced(way: Way, shape: Shape, phase: PacedPhase): Promise<Delays> {
    return this.#order({ name: 'paced', target: targetOf(way, shape, 'paced'), phase }, phase.rampMs + phase.measuredMs)
  }

  /** Opens so many streams in each shape and waits until they are idle. */
  hold(way: Way, shapes: readonly Shape[], streams: number): Promise<void> {
    const targets = shapes.map((shape) => targetOf(way, shape, 'idle'))
    return this.#order({ name: 'hold', targets, streams }, 0)
  }

  /** Leaves the streams that are held. */
  leave(): Promise<void> {
    return this.#order({ name: 'leave' }, 0)
  }

  #order<Figures>(order: Order, ownMs: number): Promise<Figures> {
    return ask(this.#child, order, ownMs + GRACE_MS)
  }
}

function targetOf({ server, modelOf }: Way, shape: Shape, pace: Pace): StreamTarget {
  return { port: server.port, shape, model: modelOf(STREAMS[shape].provider, pace) }
}
