import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Options } from '../options.ts'
import { Children } from './children.ts'
import { Load } from './load.ts'
import { measureRepeat, type Repeat, warmUp } from './repeat.ts'
import { report } from './report.ts'
import { DIRECT, GATEWAY, PROXY, STAND_IN } from './variants.ts'
import { conditions, startWays, stopWays } from './ways.ts'

const PROVIDER_PATH = join(import.meta.dirname, 'provider.ts')
const LOAD_GENERATOR_PATH = join(import.meta.dirname, 'load-generator.ts')
const DEFAULT_SECONDS = 1
const DEFAULT_REPEATS = 3

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
    const stage = { children, provider, directory }
    const load = new Load(children.startWorker(LOAD_GENERATOR_PATH, 'load'))
    for (const kind of ['json', 'stream'] as const) {
      if (only !== undefined && only !== kind) continue
      const done: Repeat[] = []
      for (let index = 0; index < repeats; index += 1) {
        const order = index % 2 === 0 ? variants : variants.toReversed()
        const ways = await startWays(stage, order)
        await warmUp(load, ways, kind)
        done.push(await measureRepeat(load, ways, kind, seconds))
        await stopWays(stage, ways)
      }
      process.stdout.write(report(kind, done))
    }
  } finally {
    await children.stopAll()
  }
}
