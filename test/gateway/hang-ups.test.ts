import { expect, it } from 'vitest'
import type { FailoverEvent } from '../../src/index.ts'
import { type Attempt, type FaultProvider, startFaultProvider } from '../../src/testing/index.ts'
import { Dice } from '../simulation/random.ts'
import { GatewayWorld } from './gateway-world.ts'
import { ENDLESS, HEALTHY, LIMPING, type Plan, planOf, run } from './hanging-up-client.ts'
import { activeResources, CountingClock, listenersOf, OpenThings, until } from './open-things.ts'
import { bodyFor, bodyOf, bothAt, DIALECTS, RawClient, requestBytes } from './raw-client.ts'

const SEED = Number(process.env.HOTSPARE_SEED ?? 20_261_123)
const CLIENTS = 500
const AT_A_TIME = 60

/** Two healthy providers, and two at another address whose requests are retried, fail over and wait. */
async function startCrowd(clock: CountingClock, healthy: FaultProvider, limping: FaultProvider) {
  return await GatewayWorld.start({
    providers: {
      ...bothAt(healthy.url),
      'limping-openai': { baseUrl: limping.url },
      'limping-anthropic': { dialect: 'anthropic', baseUrl: limping.url },
    },
    manager: {
      clock,
      routes: Object.fromEntries(
        DIALECTS.flatMap(({ dialect }) => [
          [`retried-${dialect}`, { primary: `limping-${dialect}/failing`, fallbacks: [`${dialect}/slow`] }],
          [`insisted-${dialect}`, { primary: `limping-${dialect}/failing` }],
          [`awaited-${dialect}`, { primary: `limping-${dialect}/limited` }],
          [`recovered-${dialect}`, { primary: `limping-${dialect}/breaking`, fallbacks: [`${dialect}/slow`] }],
          [`unrecovered-${dialect}`, { primary: `limping-${dialect}/breaking`, fallbacks: [`${dialect}/mute`] }],
        ]),
      ),
      retry: { attempts: 3, minDelayMs: 20, maxDelayMs: 20 },
      cooldown: { breaker: { minMs: 1, maxMs: 1 } },
      wait: { maxMs: 90_000, maxQueued: CLIENTS },
    },
  })
}

/** What the manager told of each request: its beginning, then its one outcome. */
function outcomesIn(events: readonly FailoverEvent[]): string[] {
  const stories = new Map<string, string>()
  for (const event of events) {
    if (!/^request_(?:started|succeeded|failed|canceled)$/.test(event.type) || !('requestId' in event)) continue
    stories.set(`${event.requestId}`, `${stories.get(`${event.requestId}`) ?? ''} ${event.type}`.trim())
  }
  return [...stories.values()]
}

it('a connection that is used again and again gathers no listeners, on either side', async () => {
  using open = new OpenThings()
  await using provider = await startFaultProvider()
  await using world = await GatewayWorld.start({ providers: bothAt(provider.url) })
  using client = new RawClient(world.gateway.port)
  const counts: object[] = []
  for (let round = 0; round < 20; round++) {
    for (const { dialect, path, end } of DIALECTS) {
      client.received = ''
      client.socket.write(requestBytes(path, bodyFor(`${dialect}/m`, { stream: true })))
      await client.sees(`${end}\r\n0\r\n\r\n`)
      await provider.idle()
    }
    counts.push(open.sockets().map(listenersOf))
  }
  expect(open.sockets().length).toBe(4)
  expect(counts.at(-1)).toEqual(counts[1])
})

it(`nothing is left of ${CLIENTS} clients that hang up (seed ${SEED}, HOTSPARE_SEED sets another)`, async () => {
  const dice = new Dice(SEED)
  const plans = Array.from({ length: CLIENTS }, (_, index) => planOf(index, dice))
  const timersBefore = activeResources().timers
  const processBefore = listenersOf(process)
  using open = new OpenThings()
  const processDuring = listenersOf(process)
  const clock = new CountingClock()
  await using healthy = await startFaultProvider({ models: { ...ENDLESS, ...HEALTHY } })
  await using limping = await startFaultProvider({ models: LIMPING })
  await using crowd = await startCrowd(clock, healthy, limping)
  const { manager, gateway } = crowd
  const { port } = gateway
  const events: FailoverEvent[] = []
  manager.on('*', (event) => events.push(event))

  const answers = async (): Promise<void> => {
    for (const dialect of DIALECTS) {
      for (const stream of [true, false]) {
        const plan = {
          ...planOf(0, new Dice(0)),
          name: 'calm',
          moment: 'stay',
          model: 'slow',
          dialect,
          stream,
        } as const
        expectWhole(plan, await run(port, plan, open))
      }
    }
  }
  await answers()
  const told = (type: FailoverEvent['type']) => events.filter((event) => event.type === type).length
  for (const [index, dialect] of DIALECTS.entries()) {
    using patient = new RawClient(port)
    patient.socket.write(requestBytes(dialect.path, bodyFor(`awaited-${dialect.dialect}`)))
    await until('it waits', () => told('request_waiting') > index)
  }
  const serverBefore = listenersOf(open.server(port))

  const waiting = [...plans]
  const work = async (): Promise<void> => {
    for (let plan = waiting.pop(); plan !== undefined; plan = waiting.pop())
      expectWhole(plan, await run(port, plan, open))
  }
  await Promise.all(Array.from({ length: AT_A_TIME }, work))

  await until('every client is gone', () => open.sockets(port).length === 0)
  const isOver = ({ outcome }: Attempt) => outcome !== 'pending'
  await until('nothing goes on upstream', () => [...healthy.attempts, ...limping.attempts].every(isOver))
  await until('nothing is in flight', () => manager.status().profiles.every(({ inFlight }) => inFlight === 0))
  await until('no timer runs', () => clock.pendingTimers === 0)
  expect(await open.connections(port)).toBe(0)
  expect(listenersOf(open.server(port))).toEqual(serverBefore)
  expect(listenersOf(process)).toEqual(processDuring)
  expect(open.warnings).toEqual([])

  expectClosedUpstream(plans, healthy)
  expectNobodyBlamed(crowd, events)
  const outcomes = outcomesIn(events)
  for (const outcome of outcomes) expect(outcome).toMatch(/^request_started request_(?:succeeded|canceled|failed)$/)
  expect(outcomes.length).toBeGreaterThan(CLIENTS / 2)
  expect(told('failover')).toBeGreaterThan(CLIENTS / 50)
  expect(told('request_waiting')).toBeGreaterThan(CLIENTS / 50)
  expect(told('recovery_started')).toBeGreaterThan(CLIENTS / 50)
  expect(told('recovery_succeeded')).toBeGreaterThan(0)

  await answers()
  await crowd[Symbol.asyncDispose]()
  await healthy.close()
  await limping.close()
  await until('every socket is closed', () => open.sockets().length === 0)
  open[Symbol.dispose]()
  expect(listenersOf(process)).toEqual(processBefore)
  await until('nothing keeps the process alive that did not before', () => {
    const { sockets, timers } = activeResources()
    return sockets === 0 && timers <= timersBefore
  })
})

/** Who stayed got all of it. */
function expectWhole({ name, stream, dialect, moment }: Plan, answer: string | undefined): void {
  if (moment !== 'stay') return
  expect(answer, name).toMatch(/^HTTP\/1\.1 200 /)
  if (stream) expect(answer, name).toContain(dialect.end)
  else expect(JSON.stringify(bodyOf(answer ?? '')), name).toContain('When one provider fails')
}

/** No request goes on at the provider without its client. */
function expectClosedUpstream(plans: readonly Plan[], provider: FaultProvider): void {
  const endless = provider.attempts.filter(({ model }) => Object.hasOwn(ENDLESS, model ?? ''))
  expect(endless.length).toBeGreaterThan(CLIENTS / 20)
  expect(new Set(endless.map(({ outcome }) => outcome))).toEqual(new Set(['client_hung_up']))
  const byName = Map.groupBy(provider.attempts, ({ headers }) => headers['x-case'])
  for (const { name, moment } of plans) {
    const attempts = byName.get(name) ?? []
    if (moment === 'in its head' || moment === 'in its body') expect(attempts, name).toEqual([])
    else if (moment === 'stay') expect(attempts, name).toMatchObject([{ outcome: 'completed' }])
    else expect(attempts.length, name).toBeLessThan(2)
  }
}

/** Only what failed by itself is out, and for the reason for which it failed. */
function expectNobodyBlamed({ manager }: GatewayWorld, events: readonly FailoverEvent[]): void {
  for (const { id, status, failures, lastError, models } of manager.status().profiles) {
    if (id.startsWith('limping'))
      expect(lastError?.reason).toMatch(/^(?:server_error|rate_limit|network|stream_interrupted)$/)
    else {
      expect({ id, status, failures, lastError }).toEqual({
        id,
        status: 'available',
        failures: 0,
        lastError: undefined,
      })
      expect(new Set(models.map((model) => model.status))).toEqual(new Set(['available']))
    }
  }
  for (const event of events) {
    if (event.type === 'attempt_failed') {
      expect(event.target.provider).toMatch(/^limping/)
      const { failure, isCommitted, target } = event
      if (target.model === 'breaking') expect(failure.reason).toMatch(/network|stream_interrupted/)
      else expect(failure.status).toBe(target.model === 'limited' ? 429 : 500)
      if (isCommitted) expect(target.model).toBe('breaking')
    } else if (event.type === 'cooldown_started') expect(event.key).toMatch(/failing|limited|breaking/)
  }
}
