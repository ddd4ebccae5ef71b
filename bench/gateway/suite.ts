import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Options } from '../options.ts'
import { Children, type Server } from './children.ts'
import { Load } from './load.ts'
import { CAN_READ_USAGE, withDescendants } from './process-usage.ts'
import { measureRepeat, type Repeat, type Way, warmUp } from './repeat.ts'
import { report } from './report.ts'
import { DIRECT, GATEWAY, LOAD_GENERATOR_PATH, PROVIDER_PATH, PROXY, STAND_IN, type Variant } from './variants.ts'
import type { Kind } from './wire.ts'

const DEFAULT_SECONDS = 1
const DEFAULT_REPEATS = 3

interface Bench {
  readonly children: Children
  readonly provider: Server
  readonly directory: string
}

/** What the gateway costs beside asking the provider itself, and beside a proxy that does nothing but forward. */
export async function benchGateway(options: Options): Promise<void> {
  const { seconds = DEFAULT_SECONDS, repeats = DEFAULT_REPEATS, only, standIn } = options
  const variants = [DIRECT, PROXY, standIn ? STAND_IN : GATEWAY]
  const directory = mkdtempSync(join(tmpdir(), 'gateway-bench-'))
  process.once('exit', () => rmSync(directory, { recursive: true, force: true }))
  const children = new Children()
  process.stdout.write(`\nThe gateway beside a proxy that only forwards\n${conditions(children)}\n`)
  try {
    const provider = await children.startServer([PROVIDER_PATH], 'load')
    const load = new Load(children.startWorker(LOAD_GENERATOR_PATH, 'load'))
    for (const kind of ['json', 'stream'] as const) {
      if (only !== undefined && only !== kind) continue
      const done: Repeat[] = []
      for (let index = 0; index < repeats; index += 1) {
        const order = index % 2 === 0 ? variants : variants.toReversed()
        const ways = await start({ children, provider, directory }, kind, order)
        await warmUp(load, ways)
        done.push(await measureRepeat(load, ways, seconds))
        for (const { server } of ways) if (server !== provider) await server.stop()
      }
      process.stdout.write(report(kind, done))
    }
  } finally {
    await children.stopAll()
  }
}

/**
 * Starts every variant afresh, for each repeat: two processes of one program differ by a tenth for as long as they live,
 * by luck with heap and compiler, so that one pair would tell of its luck however long it ran.
 */
async function start(bench: Bench, kind: Kind, variants: readonly Variant[]): Promise<Way[]> {
  const { children, provider, directory } = bench
  const ways: Way[] = []
  for (const { name, model, args } of variants) {
    const own = args?.({ port: provider.port, directory })
    const server = own === undefined ? provider : await children.startServer(own, 'measured')
    ways.push({ name, server, pids: withDescendants(server.pid), target: { port: server.port, kind, model } })
  }
  return ways
}

function conditions({ isPinned }: Children): string {
  const cpus = isPinned
    ? 'Load generator and provider on CPU 0, what is measured on CPU 1.'
    : 'Nothing is pinned to a CPU (that takes taskset and two CPUs): the processes disturb each other.'
  return CAN_READ_USAGE ? cpus : `${cpus}\nCPU time and memory are not measured: only Linux has /proc.`
}
