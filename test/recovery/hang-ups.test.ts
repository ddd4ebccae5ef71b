import { setImmediate as nextTurn } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { expect, it } from 'vitest'
import type { FailoverEvent } from '../../src/index.ts'
import { type Attempt, type FaultProvider, startFaultProvider } from '../../src/testing/index.ts'
import { GatewayWorld } from '../gateway/gateway-world.ts'
import { activeResources, CountingClock, listenersOf, OpenThings, until } from '../gateway/open-things.ts'
import { Dice } from '../simulation/random.ts'
import { BREAKING, CALM, type Leaving, leave, leavingOf, routesFor, Told } from './leaving.ts'
import { ServedClock } from './served-clock.ts'

const SEED = Number(process.env.HOTSPARE_SEED ?? 20_261_126)
/** The long form has ten thousand. */
const CLIENTS = Number(process.env.HOTSPARE_CLIENTS ?? 2_000)
const AT_A_TIME = 20
/** Upstream must be hung up on within this time. */
const CLOSED_WITHIN_MS = 1_000
/** Pools of the runtime itself stay; a kilobyte of each client would be more. */
const MOST_BUFFER_BYTES = 1024 * 1024

setFlagsFromString('--expose_gc')
const gc: () => void = runInNewContext('gc')

async function startWorld(
  plans: readonly Leaving[],
  clock: CountingClock,
  calm: FaultProvider,
  breaking: FaultProvider,
) {
  const baseUrls = { calm: calm.url, breaking: breaking.url }
  return await GatewayWorld.start({
    providers: Object.fromEntries(
      Object.entries(baseUrls).flatMap(([name, baseUrl]) =>
        (['openai', 'anthropic'] as const).map((dialect) => [`${name}-${dialect}`, { dialect, baseUrl }]),
      ),
    ),
    manager: { clock, routes: routesFor(plans), cooldown: { breaker: { minMs: 1, maxMs: 1 } } },
  })
}

it(`nothing is left of ${CLIENTS} clients that leave at any moment, also in a recovery (seed ${SEED}, HOTSPARE_SEED sets another)`, {
  timeout: 60_000 + 60 * CLIENTS,
}, async () => {
  const dice = new Dice(SEED)
  const plans = Array.from({ length: CLIENTS }, (_, index) => leavingOf(index, dice))
  const buffersBefore = await bufferBytes()
  const timersBefore = activeResources().timers
  const processBefore = listenersOf(process)
  using open = new OpenThings()
  const processDuring = listenersOf(process)
  const clock = new CountingClock()
  const served = new ServedClock()
  await using calm = await startFaultProvider({ models: CALM, clock: served })
  await using breaking = await startFaultProvider({ script: BREAKING })
  await using world = await startWorld(plans, clock, calm, breaking)
  const { manager, gateway } = world
  const told = new Told(manager)

  const leftAt = new Map<string, number>()
  const waiting = [...plans]
  const work = async (): Promise<void> => {
    for (let plan = waiting.pop(); plan !== undefined; plan = waiting.pop())
      leftAt.set(plan.name, await leave(plan, { port: gateway.port, manager, told, now: served.now }))
  }
  await Promise.all(Array.from({ length: AT_A_TIME }, work))

  await until('every client is gone', () => open.sockets(gateway.port).length === 0)
  await until('nothing goes on upstream', () => isOver(calm) && isOver(breaking))
  await until('nothing is in flight', () => manager.status().profiles.every(({ inFlight }) => inFlight === 0))
  await until('no timer runs', () => clock.pendingTimers === 0)
  expect(await open.connections(gateway.port)).toBe(0)
  expect(listenersOf(process)).toEqual(processDuring)
  expect(open.warnings).toEqual([])

  expectClosedInTime(plans, leftAt, calm)
  expectNobodyBlamed(world, told.events)
  expect(told.events.filter(({ type }) => type === 'request_failed')).toEqual([])
  expect(told.count('request_started')).toBe(CLIENTS)
  expect(told.count('request_canceled')).toBe(CLIENTS)
  const isBroken = ({ model }: Leaving): boolean => model.includes('>')
  expect(told.count('recovery_started')).toBe(plans.filter(isBroken).length)
  expect(told.count('recovery_succeeded')).toBeGreaterThanOrEqual(CLIENTS / 50)
  expect(told.count('recovery_failed')).toBe(0)

  await world[Symbol.asyncDispose]()
  served.stop()
  await calm.close()
  await breaking.close()
  await until('every socket is closed', () => open.sockets().length === 0)
  open[Symbol.dispose]()
  expect(listenersOf(process)).toEqual(processBefore)
  await until('nothing keeps the process alive that did not before', () => {
    const { sockets, timers } = activeResources()
    return sockets === 0 && timers <= timersBefore
  })
  expect((await bufferBytes()) - buffersBefore).toBeLessThan(MOST_BUFFER_BYTES)
})

/** Bytes of all buffers that anything still refers to. */
async function bufferBytes(): Promise<number> {
  for (let round = 0; round < 3; round++) {
    await nextTurn()
    gc()
  }
  return process.memoryUsage().arrayBuffers
}

function isOver({ attempts }: FaultProvider): boolean {
  return attempts.every(({ outcome }) => outcome !== 'pending')
}

/** The calm provider was hung up on by everybody, and soon. */
function expectClosedInTime(
  plans: readonly Leaving[],
  leftAt: ReadonlyMap<string, number>,
  { attempts }: FaultProvider,
): void {
  expect(attempts.length).toBeGreaterThan(plans.length / 2)
  expect(new Set(attempts.map(({ outcome }) => outcome))).toEqual(new Set(['client_hung_up']))
  const late = attempts.filter((attempt) => lateness(attempt, leftAt) > CLOSED_WITHIN_MS)
  expect(late.map((attempt) => [nameOf(attempt), attempt.model, lateness(attempt, leftAt)])).toEqual([])
}

function lateness(attempt: Attempt, leftAt: ReadonlyMap<string, number>): number {
  return (attempt.endedAt ?? Number.POSITIVE_INFINITY) - (leftAt.get(nameOf(attempt)) ?? 0)
}

function nameOf({ body }: Attempt): string {
  return String((body as { readonly user?: unknown }).user)
}

/** Only the provider that breaks its streams may have failed. */
function expectNobodyBlamed({ manager }: GatewayWorld, events: readonly FailoverEvent[]): void {
  for (const { id, status, failures, lastError } of manager.status().profiles) {
    if (id.startsWith('breaking')) continue
    expect({ id, status, failures, lastError }).toEqual({ id, status: 'available', failures: 0, lastError: undefined })
  }
  const blamed = events.flatMap((event) => (event.type === 'attempt_failed' ? [event.target.provider] : []))
  expect(blamed.filter((provider) => !provider.startsWith('breaking'))).toEqual([])
  const cooled = events.flatMap((event) => (event.type === 'cooldown_started' ? [event.key] : []))
  expect(cooled.filter((key) => !/broken|calling/.test(key))).toEqual([])
}
