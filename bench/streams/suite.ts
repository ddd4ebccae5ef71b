import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Children } from '../gateway/children.ts'
import { DIRECT, GATEWAY, PROXY, STAND_IN } from '../gateway/variants.ts'
import { conditions, startWays, stopWays } from '../gateway/ways.ts'
import type { Options } from '../options.ts'
import { type Delays, delayTable, measureDelays } from './delay.ts'
import { type Memory, measureMemory, memoryTable } from './memory.ts'
import { StreamLoad } from './stream-load.ts'
import { measureThroughput, type Throughput, throughputTables, warmUp } from './throughput.ts'

const PROVIDER_PATH = join(import.meta.dirname, 'provider.ts')
const LOAD_GENERATOR_PATH = join(import.meta.dirname, 'load-generator.ts')
const DEFAULT_SECONDS = 0.5
const DEFAULT_REPEATS = 3
const DEFAULT_SEED = 1

/** What a stream of many small chunks costs on its way through the gateway, beside a proxy that only forwards. */
export async function benchStreams(options: Options): Promise<void> {
  const { seconds = DEFAULT_SECONDS, repeats = DEFAULT_REPEATS, only, seed = DEFAULT_SEED, standIn } = options
  const variants = [DIRECT, PROXY, standIn ? STAND_IN : GATEWAY]
  const isAsked = (part: typeof only): boolean => only === undefined || only === part
  const directory = mkdtempSync(join(tmpdir(), 'streams-bench-'))
  process.once('exit', () => rmSync(directory, { recursive: true, force: true }))
  const children = new Children()
  process.stdout.write(`\nStreams of small chunks, through the gateway and a proxy that only forwards\n`)
  process.stdout.write(`${conditions(children)} The distances of paced chunks: seed ${seed}.\n`)
  const throughputs: ReadonlyMap<string, Throughput>[] = []
  const delays: Delays[] = []
  const memories: Memory[] = []
  try {
    const provider = await children.startServer([PROVIDER_PATH, String(seed)], 'load')
    const load = new StreamLoad(children.startWorker(LOAD_GENERATOR_PATH, 'load'))
    const stage = { children, provider, directory }
    for (let index = 0; index < repeats; index += 1) {
      const order = index % 2 === 0 ? variants : variants.toReversed()
      if (isAsked('throughput') || isAsked('delay')) {
        const ways = await startWays(stage, order)
        await warmUp(load, ways)
        if (isAsked('throughput')) throughputs.push(await measureThroughput(load, ways, seconds))
        if (isAsked('delay')) delays.push(await measureDelays(load, ways, seconds))
        await stopWays(stage, ways)
      }
      if (isAsked('memory')) memories.push(await measureMemory(stage, load, order))
    }
  } finally {
    await children.stopAll()
  }
  if (throughputs.length > 0) process.stdout.write(throughputTables(throughputs))
  if (delays.length > 0) process.stdout.write(delayTable(delays))
  if (memories.length > 0) process.stdout.write(memoryTable(memories))
}
