import { setTimeout as sleep } from 'node:timers/promises'
import { Connections, type Exchange } from './connections.ts'
import { cpuSeconds, waitedSeconds } from './process-usage.ts'

export interface Phase {
  /** Under the same load, before measuring. */
  readonly rampMs: number
  readonly measuredMs: number
}

export interface ClosedLoop extends Phase {
  readonly connections: number
  /** Whose CPU time counts: the measured process and what it started. */
  readonly pids: readonly number[]
}

export interface OpenLoop extends Phase {
  readonly perSecond: number
}

export interface Tally {
  readonly answers: number
  /** Of the bodies, whole or not. */
  readonly bodyBytes: number
  readonly seconds: number
  /** Of the measured process; undefined where it can't be read. */
  readonly cpuSeconds: number | undefined
  /** For a CPU that others had. */
  readonly waitedSeconds: number | undefined
}

const OPEN_LOOP_CONNECTIONS = 16

/** Each connection asks again as soon as it is answered: how much goes through, and what one request costs in CPU. */
export async function runClosedLoop(exchange: Exchange, loop: ClosedLoop): Promise<Tally> {
  const { pids, rampMs, measuredMs, connections } = loop
  let answers = 0
  let isOver = false
  const group = await Connections.open(exchange, connections, () => {
    answers += 1
    if (!isOver) group.idle.pop()?.send(0)
  })
  return await guarded(group, async () => {
    for (const connection of group.idle.splice(0)) connection.send(0)
    await sleep(rampMs)
    const take = (): Tally => ({
      answers,
      bodyBytes: group.bodyBytes,
      seconds: performance.now() / 1_000,
      cpuSeconds: cpuSeconds(pids),
      waitedSeconds: waitedSeconds(pids),
    })
    const before = take()
    await sleep(measuredMs)
    const after = take()
    isOver = true
    return combine(after, before, (end, start) => end - start)
  })
}

/**
 * Requests start at a fixed rate whatever the answers do, so slowly that none waits for another: what the way through
 * costs in time, without the queue that a closed loop keeps up. Gives the latencies, in milliseconds.
 */
export async function runOpenLoop(exchange: Exchange, loop: OpenLoop): Promise<number[]> {
  const { rampMs, measuredMs, perSecond } = loop
  const latencies: number[] = []
  const late: number[] = []
  const group = await Connections.open(exchange, OPEN_LOOP_CONNECTIONS, (latencyMs) => {
    latencies.push(latencyMs)
    const startedAt = late.shift()
    if (startedAt !== undefined) group.idle.pop()?.send(startedAt)
  })
  return await guarded(group, async () => {
    const startedAt = performance.now()
    const [ramp, total] = [rampMs, rampMs + measuredMs].map((ms) => Math.round((ms * perSecond) / 1_000))
    for (let sent = 0; sent < (total ?? 0); sent += 1) {
      const waitMs = startedAt + (sent * 1_000) / perSecond - performance.now()
      if (waitMs > 0) await sleep(waitMs)
      if (sent === ramp) latencies.length = 0
      const connection = group.idle.pop()
      // From when it is sent: a generator that wakes late is no delay of what it measures. One that found every
      // connection busy counts from now.
      if (connection === undefined) late.push(performance.now())
      else connection.send(performance.now())
    }
    while (late.length > 0 || !group.isQuiet) await sleep(5)
    return latencies
  })
}

/** Ends with the first wrong answer; at the end waits for those that are under way, so that none is cut off. */
async function guarded<Result>(group: Connections, measure: () => Promise<Result>): Promise<Result> {
  const measured = async (): Promise<Result> => {
    const result = await measure()
    while (!group.isQuiet) await sleep(5)
    return result
  }
  try {
    return await Promise.race([measured(), group.failed])
  } finally {
    group.close()
  }
}

/** Of two phases. */
export function sum(before: Tally | undefined, after: Tally): Tally {
  return before === undefined ? after : combine(before, after, (one, other) => one + other)
}

function combine(one: Tally, other: Tally, of: (one: number, other: number) => number): Tally {
  const known = (first: number | undefined, second: number | undefined): number | undefined =>
    first === undefined || second === undefined ? undefined : of(first, second)
  return {
    answers: of(one.answers, other.answers),
    bodyBytes: of(one.bodyBytes, other.bodyBytes),
    seconds: of(one.seconds, other.seconds),
    cpuSeconds: known(one.cpuSeconds, other.cpuSeconds),
    waitedSeconds: known(one.waitedSeconds, other.waitedSeconds),
  }
}
