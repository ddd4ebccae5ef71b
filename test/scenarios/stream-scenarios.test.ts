import { describe, expect, it } from 'vitest'
import { DEFAULT_ANSWER, type Fault, faults } from '../../src/testing/index.ts'
import { startAssembly } from '../recovery/assembly.ts'
import { DOORS, type Outcome } from '../support/doors.ts'
import { World, type WorldOptions } from './world.ts'

/** Our own faults of streams, beyond the crash test, over library and gateway, on hosts of their own and on one. */
const SETTINGS = DOORS.flatMap((door) =>
  (['openai', 'anthropic'] as const).flatMap((dialect) =>
    (['shared', 'own'] as const).map((layout) => ({
      door,
      dialect,
      layout,
      isStreaming: true,
      over: door === 'library' ? dialect : `the gateway in ${dialect}`,
    })),
  ),
)

const CALL = { name: 'deploy', arguments: { service: 'api', note: 'Zürich “now”' } }
const OTHER_CALL = { name: 'roll_back', arguments: { service: 'web' } }

describe.for(SETTINGS)('over $over, hosts and keys $layout', { concurrent: true }, ({ over: _, ...setting }) => {
  async function play(options: Omit<WorldOptions, keyof typeof setting>): Promise<{ outcome: Outcome; world: World }> {
    await using world = await World.start({ ...setting, ...options })
    return { outcome: await world.ask(), world }
  }

  function assembled({ events }: Outcome) {
    const assembly = startAssembly(setting.dialect)
    for (const event of events) assembly.take(event)
    expect(assembly.breaches).toEqual([])
    const calls = assembly.calls.map(({ name, json, isWhole }) => ({ name, json, isWhole }))
    return { calls, text: assembly.text }
  }

  const whole = ({ name, arguments: given }: typeof CALL | typeof OTHER_CALL) => ({
    name,
    json: JSON.stringify(given),
    isWhole: true,
  })

  const withCalls = (fault: Fault, ...toolCalls: object[]): Fault => ({
    ...fault,
    answer: { text: 'I will do that.', toolCalls: toolCalls as [] },
  })

  it('H02: a call that is cut inside its arguments arrives once and whole, from the fallback', async () => {
    // Four tokens of text, then five pieces of the arguments.
    const { outcome, world } = await play({
      primary: withCalls(faults.cutAfter(7), CALL),
      fallback: withCalls({}, CALL),
    })
    expect(outcome.kind).toBe('answered')
    expect(assembled(outcome)).toEqual({ calls: [whole(CALL)], text: 'I will do that.' })
    expect(world.fallbackAttempts()).toBe(1)
  })

  it('H02: after a whole call was delivered a break is an error, and nothing is called twice', async () => {
    const { outcome, world } = await play({
      primary: withCalls(faults.cutAfter(10), CALL, OTHER_CALL),
      fallback: withCalls({}, CALL, OTHER_CALL),
    })
    expect(outcome).toMatchObject({ kind: 'failed', error: { inStream: true } })
    // In OpenAI's dialect only the next call, which is held, would tell that it is whole.
    const { calls } = assembled(outcome)
    expect(calls.map(({ name, json }) => ({ name, json, isWhole: true }))).toEqual([whole(CALL)])
    expect(world.fallbackAttempts()).toBe(0)
  })

  it('H02: passed as it comes, a call that is cut is an error', async () => {
    const { outcome, world } = await play({
      primary: withCalls(faults.cutAfter(7), CALL),
      fallback: withCalls({}, CALL),
      settings: { stream: { toolCalls: 'pass' } },
    })
    expect(outcome).toMatchObject({ kind: 'failed', error: { inStream: true } })
    expect(world.fallbackAttempts()).toBe(0)
  })

  it('H03: an error in the place of the first event is failed over unseen', async () => {
    for (const kind of ['overloaded', 'insufficient_quota', 'server_error'] as const) {
      const { outcome } = await play({ primary: faults.okWithError(kind) })
      if (kind === 'insufficient_quota' && setting.layout === 'shared') continue
      expect(outcome).toMatchObject({ kind: 'answered', text: DEFAULT_ANSWER, model: 'fallback-model' })
    }
  })

  it('H04: what is no answer is none: 529, an HTML page, nothing at all', async () => {
    for (const primary of [faults.overloaded(), faults.badGateway(502), faults.emptyBody(), faults.emptyAnswer()]) {
      const { outcome } = await play({ primary })
      expect(outcome).toMatchObject({ kind: 'answered', text: DEFAULT_ANSWER, model: 'fallback-model' })
    }
  })

  it('H07: a target that is slower than the floor is left for the fallback', async () => {
    const { outcome, world } = await play({
      primary: faults.slowTokens(1_000),
      tokenDelayMs: 2,
      settings: { timeouts: { minCharactersPerSecond: 20, throughputMs: 2_000 } },
    })
    expect(outcome).toMatchObject({ kind: 'answered', text: DEFAULT_ANSWER, model: 'fallback-model' })
    expect(world.primaryAttempts()).toHaveLength(1)
    expect(world.manager.recentRequests()[0]?.attempts[0]).toMatchObject({ ruleId: 'local.throughput_timeout' })
  })

  it('an error that is reported in the midst of an answer is made good, too', async () => {
    for (const kind of ['overloaded', 'server_error', 'rate_limited'] as const) {
      const { outcome } = await play({ primary: faults.errorAfter(30, kind) })
      expect(outcome).toMatchObject({ kind: 'answered', text: DEFAULT_ANSWER })
    }
  })
})
