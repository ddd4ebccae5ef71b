import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { httpProviders } from '../../src/http/index.ts'
import { type FailoverEvent, FailoverManager } from '../../src/index.ts'
import { type DialectName, type FaultProvider, startFaultProvider } from '../../src/testing/index.ts'
import { Dice } from '../simulation/random.ts'
import { type DoorName, openDoor } from '../support/doors.ts'
import { PlayedClock } from '../support/virtual-time.ts'
import { type Plan, plans } from './random-faults.ts'

const SEED = Number(process.env.HOTSPARE_SEED ?? 20_261_122)
/** Of each part. Most of a story is waiting: several at the same time take no longer than one. */
const RUNS = Number(process.env.HOTSPARE_RUNS ?? 25)
const PARTS = [0, 1, 2, 3]
const HOUR = 3_600_000

/**
 * Windows end far from where any request of a plan begins or a limit runs out: the doors may differ by the few
 * milliseconds that sockets take, and nothing may hang on those.
 */
const OPTIONS = {
  retry: { attempts: 3, minDelayMs: 1, maxDelayMs: 2 },
  wait: { maxMs: 2_000 },
  timeouts: { firstContentMs: 1_500, responseMs: 1_500, idleMs: 3_000 },
  cooldown: {
    breaker: { minMs: 60_000, maxMs: HOUR },
    rateLimit: { minMs: 60_000, maxMs: HOUR },
    error: { minMs: 60_000, maxMs: HOUR },
  },
  routes: { chat: { primary: 'main/first-model', fallbacks: ['main/second-model'] } },
}

/** Seven tokens, with much that JSON has to escape. */
const ANSWER = 'one "two" {three} \\four\tand 五 🎉'

const SETTINGS = (['openai', 'anthropic'] as const).flatMap((dialect) =>
  [true, false].flatMap((isStreaming) => PARTS.map((part) => ({ dialect, isStreaming, seed: SEED + part }))),
)

interface Stage {
  readonly dialect: DialectName
  readonly isStreaming: boolean
  readonly clock: PlayedClock
  readonly provider: FaultProvider
}

describe.for(SETTINGS)('whatever goes wrong over $dialect, streaming $isStreaming', { concurrent: true }, (setting) => {
  const { seed, ...asking } = setting
  it(`the engine decides the same through the gateway as in the library (seed ${seed})`, async () => {
    const clock = new PlayedClock()
    await using provider = await startFaultProvider({ answer: ANSWER, clock })
    const stage = { ...asking, clock, provider }
    await fc.assert(
      fc.asyncProperty(plans, async (plan) => {
        const library = await storyOf('library', plan, stage)
        expect(await storyOf('gateway', plan, stage)).toEqual(library)
      }),
      { seed, numRuns: RUNS, interruptAfterTimeLimit: 30_000 },
    )
  })
})

/** Everything the engine did, and what the caller got. */
async function storyOf(name: DoorName, plan: Plan, stage: Stage): Promise<readonly object[]> {
  const { dialect, clock, provider } = stage
  const keys = plan.keys.map((faults, index) => ({ id: `main:${index}`, apiKey: `sk-main-${index}-000000`, faults }))
  // Every story begins at a full hour, with all that the last one left behind run out.
  await clock.advance(HOUR - (clock.now() % HOUR))
  await provider.reset()
  provider.set(
    keys.flatMap(({ apiKey, faults: [first, second] }) => [
      { key: apiKey, model: 'first-model', fault: first },
      { key: apiKey, model: 'second-model', fault: second },
    ]),
  )
  await using registry = httpProviders({ clock, providers: { main: { dialect, baseUrl: provider.url } } })
  const manager = new FailoverManager({
    ...OPTIONS,
    profiles: keys.map(({ id, apiKey }) => ({ id, apiKey })),
    clock,
    random: new Dice(plan.seed).next,
    registry,
  })
  const story: object[] = []
  manager.on('*', (event) => story.push(decisionIn(event)))
  const progress = (): number => provider.attempts.reduce((sum, { bytesSent }) => sum + bytesSent, story.length)
  await using door = await openDoor(name, manager, stage)
  const startsAt = clock.now()
  for (const afterMs of plan.afterMs) {
    await clock.advance(startsAt + afterMs - clock.now())
    const outcome = await clock.playOut(door.ask('chat'), progress)
    story.push({ heard: outcome.kind, text: outcome.kind === 'answered' ? outcome.text : outcome.textBefore })
  }
  return story
}

/** Points in time, what a request is called, and words that may quote the serial number of an answer. */
const INCIDENTAL = new Set([
  'at',
  'requestId',
  'durationMs',
  'deadlineAt',
  'until',
  'nextAvailableAt',
  'resetAt',
  'message',
])

/** What it says of the engine's decision; of a window, its length. */
function decisionIn(event: FailoverEvent): object {
  const lengthMs = event.type === 'cooldown_started' ? { lengthMs: event.until - event.at } : {}
  const essential = JSON.stringify(event, (key, value) => (INCIDENTAL.has(key) ? undefined : value))
  return { ...JSON.parse(essential), ...lengthMs }
}
