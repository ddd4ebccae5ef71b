import type { Children, Server } from './children.ts'
import { CAN_READ_USAGE, withDescendants } from './process-usage.ts'
import type { Variant } from './variants.ts'

/** What a suite has while it runs. */
export interface Stage {
  readonly children: Children
  readonly provider: Server
  /** For files; removed in the end. */
  readonly directory: string
}

/** One variant while it is measured. */
export interface Way {
  readonly name: string
  readonly server: Server
  /** Its process and those it started. */
  readonly pids: readonly number[]
  readonly modelOf: Variant['modelOf']
}

/**
 * Starts every variant afresh, for each repeat: two processes of one program differ by a tenth for as long as they live,
 * by luck with heap and compiler, so that one pair would tell of its luck however long it ran.
 *
 * @param probe arguments for node in front of a variant's own; with them, the process can be talked to over IPC
 */
export async function startWays(
  { children, provider, directory }: Stage,
  variants: readonly Variant[],
  probe?: readonly string[],
): Promise<Way[]> {
  const ways: Way[] = []
  for (const { name, modelOf, args } of variants) {
    const own = args?.({ port: provider.port, directory })
    const server =
      own === undefined ? provider : await children.startServer([...(probe ?? []), ...own], 'measured', probe && 'ipc')
    ways.push({ name, server, pids: withDescendants(server.pid), modelOf })
  }
  return ways
}

export async function stopWays({ provider }: Stage, ways: readonly Way[]): Promise<void> {
  for (const { server } of ways) if (server !== provider) await server.stop()
}

interface Rounds {
  /** What is measured, for messages. */
  readonly what: string
  readonly seconds: number
  /** The variants take turns this often: a neighbour who makes the machine slow for a while slows them alike. */
  readonly turnMs: number
}

/** Each turn goes through the variants the other way round, so that none always comes first. */
export async function inTurns(
  ways: readonly Way[],
  { what, seconds, turnMs }: Rounds,
  measure: (way: Way, measuredMs: number) => Promise<void>,
): Promise<void> {
  const turns = Math.max(1, Math.round((seconds * 1_000) / turnMs))
  for (let turn = 0; turn < turns; turn += 1) {
    for (const way of turn % 2 === 0 ? ways : ways.toReversed()) {
      await told(way, what, () => measure(way, (seconds * 1_000) / turns))
    }
  }
}

/** Says of whom a failure tells, and what that one had to say itself. */
export async function told<Result>(
  { name, server }: Way,
  what: string,
  measure: () => Promise<Result>,
): Promise<Result> {
  try {
    return await measure()
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error)
    throw new Error(`${name}, ${what}: ${message}\n${server.complaints()}`)
  }
}

export function conditions({ isPinned }: Children): string {
  const cpus = isPinned
    ? 'Load generator and provider on CPU 0, what is measured on CPU 1.'
    : 'Nothing is pinned to a CPU (that takes taskset and two CPUs): the processes disturb each other.'
  return CAN_READ_USAGE ? cpus : `${cpus}\nCPU time and memory are not measured: only Linux has /proc.`
}
