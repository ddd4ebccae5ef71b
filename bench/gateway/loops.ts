import { setTimeout as sleep } from 'node:timers/promises'
import { Connections, type Target } from './connections.ts'
import { cpuSeconds } from './process-usage.ts'

interface Phase {
  readonly target: Target
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
  readonly seconds: number
  /** Of the measured process; undefined where it can't be read. */
  readonly cpuSeconds?: number | undefined
}

const OPEN_LOOP_CONNECTIONS = 16

/** Each connection asks again as soon as it is answered: how much goes through, and what one request costs in CPU. */
export async function runClosedLoop({ target, pids, rampMs, measuredMs, connections }: ClosedLoop): Promise<Tally> {
  let answers = 0
  let isOver = false
  const group = await Connections.open(target, connections, () => {
    answers += 1
    if (!isOver) group.idle.pop()?.send(0)
  })
  return await guarded(group, async () => {
    for (const connection of group.idle.splice(0)) connection.send(0)
    await sleep(rampMs)
    const [startAnswers, startedAt, startCpu] = [answers, performance.now(), cpuSeconds(pids)]
    await sleep(measuredMs)
    const [endAnswers, endedAt, endCpu] = [answers, performance.now(), cpuSeconds(pids)]
    isOver = true
    const cpu = startCpu === undefined || endCpu === undefined ? undefined : endCpu - startCpu
    return { answers: endAnswers - startAnswers, seconds: (endedAt - startedAt) / 1_000, cpuSeconds: cpu }
  })
}

/**
 * Requests start at a fixed rate whatever the answers do, so slowly that none waits for another: what the way through
 * costs in time, without the queue that a closed loop keeps up. Gives the latencies, in milliseconds.
 */
export async function runOpenLoop({ target, rampMs, measuredMs, perSecond }: OpenLoop): Promise<number[]> {
  const latencies: number[] = []
  const late: number[] = []
  const group = await Connections.open(target, OPEN_LOOP_CONNECTIONS, (latencyMs) => {
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
