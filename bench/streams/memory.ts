import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { ask } from '../gateway/ask.ts'
import { median, present } from '../gateway/ratio-table.ts'
import { PROXY, type Variant } from '../gateway/variants.ts'
import { type Stage, startWays, stopWays, told, type Way } from '../gateway/ways.ts'
import { columns } from './columns.ts'
import type { Reading } from './heap-probe.ts'
import type { StreamLoad } from './stream-load.ts'
import { IDLE_PIECES, SHAPES } from './wire.ts'

/** Of one process, before the streams were opened and while they were. */
interface Held {
  readonly before: Reading
  readonly open: Reading
}

/** By variant. */
export type Memory = ReadonlyMap<string, Held>

/** What an idle stream may hold, as a multiple of the proxy's. */
const GOAL_RATIO = 1.5
const STREAMS_OPEN = 2_000
/** So that what is loaded and allocated once counts as there before. */
const STREAMS_BEFORE = 200
/** Of a process, for other things. */
const DESCRIPTORS_BESIDE = 100
const SETTLING_MS = 1_000
const READING_MS = 30_000
const PROBE = ['--expose-gc', '--import', join(import.meta.dirname, 'heap-probe.ts')] as const

/** In processes of their own, which have done nothing else: a heap that has been larger would hide what it is given. */
export async function measureMemory(stage: Stage, load: StreamLoad, variants: readonly Variant[]): Promise<Memory> {
  const found = new Map<string, Held>()
  for (const variant of variants) {
    if (variant.args === undefined) continue
    const ways = await startWays(stage, [variant], PROBE)
    for (const way of ways) found.set(way.name, await told(way, 'idle streams', () => measure(load, way)))
    await stopWays(stage, ways)
  }
  return found
}

async function measure(load: StreamLoad, way: Way): Promise<Held> {
  await load.hold(way, SHAPES, STREAMS_BEFORE / SHAPES.length)
  await load.leave()
  await sleep(SETTLING_MS)
  const before = await read(way)
  await load.hold(way, SHAPES, openStreams() / SHAPES.length)
  await sleep(SETTLING_MS)
  const open = await read(way)
  await load.leave()
  return { before, open }
}

function read({ server }: Way): Promise<Reading> {
  return ask(server.child, {}, READING_MS)
}

export function memoryTable(repeats: readonly Memory[]): string {
  const streams = openStreams()
  const title = `Memory of an idle open stream, ${streams} of them after ${IDLE_PIECES} chunks: over ${repeats.length} repeats, medians; KB`
  const head = ['RSS', 'of proxy', 'best', 'min .. max', 'RSS found', 'of proxy', 'live', 'of proxy', 'RSS MB, all']
  const names = [...(repeats[0]?.keys() ?? [])]
  const lines = names.map((name) => row(name, streams, repeats))
  return `\n${title}\n${columns('', head)}\n${lines.join('')}`
}

function row(name: string, streams: number, repeats: readonly Memory[]): string {
  const perStream = (of: (reading: Reading) => number, whose = name): number[] =>
    present(repeats, (repeat) => {
      const held = repeat.get(whose)
      return held && (of(held.open) - of(held.before)) / streams / 1_024
    })
  const times = (of: (reading: Reading) => number): number[] => {
    const proxy = perStream(of, PROXY.name)
    return perStream(of).map((kb, repeat) => kb / (proxy[repeat] ?? Number.NaN))
  }
  const [rss, foundRss, live] = [
    (reading: Reading) => reading.rss,
    (reading: Reading) => reading.foundRss,
    (reading: Reading) => reading.live,
  ]
  const isJudged = name !== PROXY.name
  const ratios = times(rss)
  const allMb = present(repeats, (repeat) => repeat.get(name)?.open.rss).map((bytes) => bytes / 1_048_576)
  const told = columns(`  ${name}`, [
    median(perStream(rss)).toFixed(1),
    isJudged ? `× ${median(ratios).toFixed(2)}` : '',
    Math.min(...perStream(rss)).toFixed(1),
    isJudged ? `× ${Math.min(...ratios).toFixed(2)} .. ${Math.max(...ratios).toFixed(2)}` : '',
    median(perStream(foundRss)).toFixed(1),
    isJudged ? `× ${median(times(foundRss)).toFixed(2)}` : '',
    median(perStream(live)).toFixed(1),
    isJudged ? `× ${median(times(live)).toFixed(2)}` : '',
    median(allMb).toFixed(0),
  ])
  if (!isJudged) return `${told}\n`
  const isMet = median(ratios) <= GOAL_RATIO
  return `${told}\n  goal: at most ${GOAL_RATIO} × the proxy's RSS: ${isMet ? 'met' : 'missed'}\n`
}

/** A proxy needs two descriptors for a stream, and Node raises its own limit to the hard one. */
function openStreams(): number {
  if (process.platform !== 'linux') return STREAMS_OPEN
  const [, hard] = /^Max open files +\d+ +(\d+) /m.exec(readFileSync('/proc/self/limits', 'latin1')) ?? []
  const most = hard === undefined ? STREAMS_OPEN : Math.floor((Number(hard) - DESCRIPTORS_BESIDE) / 4) * 2
  return Math.min(STREAMS_OPEN, most)
}
