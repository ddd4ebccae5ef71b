import { describe, expect, it } from 'vitest'
import { FailoverManager, type FailoverOptions, presets } from '../../src/index.ts'
import { VirtualClock } from '../../src/testing/virtual-clock.ts'
import { answer, scriptedProvider, type TextRequest } from '../support/scripted-provider.ts'

/** PraisonAI, `praisonaiagents/llm/failover.py`. */
describe("PraisonAI's failover manager", () => {
  function setup(options: FailoverOptions<TextRequest, string> = {}) {
    const clock = new VirtualClock()
    const manager = new FailoverManager<TextRequest, string>({ ...presets.praisonai, clock, ...options })
    manager.addProfile({ id: 'openai-backup', provider: 'openai', apiKey: 'sk-backup-000005678', priority: 1 })
    manager.addProfile({ id: 'openai-primary', provider: 'openai', apiKey: 'sk-primary-00001234', priority: 0 })
    return { clock, manager }
  }

  it('begins with defaults and no profile', () => {
    const manager = FailoverManager.withDefaults()
    expect(manager.isEmpty).toBe(true)
    expect(manager.size).toBe(0)
    expect(manager.getNextProfile()).toBeUndefined()
  })

  it('adds profiles and lists them in order of priority, lower first', () => {
    const { manager } = setup()
    expect(manager.size).toBe(2)
    expect(manager.isEmpty).toBe(false)
    expect(manager.listProfiles().map(({ id }) => id)).toEqual(['openai-primary', 'openai-backup'])
  })

  it('refuses a second profile of the same id', () => {
    const { manager } = setup()
    expect(() => manager.addProfile({ id: 'openai-primary', provider: 'openai' })).toThrow(
      /there is a profile of this id already/,
    )
  })

  it('removes a profile and says whether there was one', () => {
    const { manager } = setup()
    expect(manager.removeProfile('openai-primary')).toBe(true)
    expect(manager.removeProfile('openai-primary')).toBe(false)
    expect(manager.listProfiles().map(({ id }) => id)).toEqual(['openai-backup'])
  })

  it('gets and changes a profile', () => {
    const { manager } = setup()
    expect(manager.getProfile('openai-primary')).toMatchObject({ provider: 'openai', priority: 0 })
    manager.updateProfile('openai-primary', { priority: 5, baseUrl: 'https://example.com/v1', model: 'gpt-4o-mini' })
    expect(manager.getProfile('openai-primary')).toMatchObject({
      priority: 5,
      baseUrl: 'https://example.com/v1',
      model: 'gpt-4o-mini',
    })
    expect(manager.getProfile('openai-primary').apiKey).toBe('sk-primary-00001234')
    expect(manager.listProfiles().map(({ id }) => id)).toEqual(['openai-backup', 'openai-primary'])
  })

  it('keeps limits and metadata on a profile', () => {
    const { manager } = setup()
    manager.addProfile({
      id: 'x:y',
      limits: { requestsPerMinute: 60, tokensPerMinute: 90_000 },
      metadata: { region: 'eu' },
    })
    expect(manager.getProfile('x:y')).toMatchObject({
      limits: { requestsPerMinute: 60, tokensPerMinute: 90_000 },
      metadata: { region: 'eu' },
    })
  })

  it('names the profiles it knows when asked for one it does not', () => {
    const { manager } = setup()
    const asks = [
      () => manager.getProfile('nobody'),
      () => manager.updateProfile('nobody', {}),
      () => manager.markFailure('nobody', 'boom'),
      () => manager.markSuccess('nobody'),
      () => manager.reset('nobody'),
      () => manager.disable('nobody', 'why'),
      () => manager.enable('nobody'),
    ]
    for (const ask of asks)
      expect(ask).toThrow(/there is no profile "nobody"; known profiles: openai-backup, openai-primary/)
  })

  it('gives the next available profile in order of priority, skipping what is cooling', () => {
    const { manager } = setup()
    expect(manager.getNextProfile()?.id).toBe('openai-primary')
    manager.markFailure('openai-primary', 'Rate limit exceeded', { isRateLimit: true })
    expect(manager.getNextProfile()?.id).toBe('openai-backup')
    manager.markFailure('openai-backup', 'boom')
    expect(manager.getNextProfile()).toBeUndefined()
  })

  it('leaves out the profiles it is told to exclude', () => {
    const { manager } = setup()
    expect(manager.getNextProfile({ exclude: ['openai-primary'] })?.id).toBe('openai-backup')
  })

  it('cools a profile down for 60 s after a rate limit and for 30 s after any other error', async () => {
    const { manager, clock } = setup()
    manager.markFailure('openai-primary', 'Rate limit exceeded', { isRateLimit: true })
    manager.markFailure('openai-backup', 'Connection lost')
    expect(manager.nextAvailableAt()).toBe(clock.now() + 30_000)
    expect(manager.status().profiles.map(({ id, status, until }) => [id, status, until])).toEqual([
      ['openai-primary', 'rate_limited', clock.now() + 60_000],
      ['openai-backup', 'error', clock.now() + 30_000],
    ])
    await clock.advance(30_000)
    expect(manager.getNextProfile()?.id).toBe('openai-backup')
    await clock.advance(30_000)
    expect(manager.getNextProfile()?.id).toBe('openai-primary')
  })

  it('takes the words of an error for a rate limit, too', () => {
    const { manager, clock } = setup()
    manager.markFailure('openai-primary', '429 Too Many Requests')
    expect(manager.status().profiles[0]).toMatchObject({ status: 'rate_limited', until: clock.now() + 60_000 })
  })

  it('lets the latest failure set the end of the cooldown', () => {
    const { manager, clock } = setup()
    manager.markFailure('openai-primary', 'Rate limit', { isRateLimit: true })
    manager.markFailure('openai-primary', 'boom')
    expect(manager.status().profiles[0]).toMatchObject({ status: 'error', until: clock.now() + 30_000 })
  })

  it('makes a profile available again on success', () => {
    const { manager } = setup()
    manager.markFailure('openai-primary', 'boom')
    manager.markSuccess('openai-primary')
    expect(manager.getNextProfile()?.id).toBe('openai-primary')
    expect(manager.status().profiles[0]).toMatchObject({ status: 'available', consecutiveFailures: 0 })
  })

  it('calls back with the profile that failed and the next one', () => {
    const { manager } = setup()
    const calls: string[][] = []
    const unsubscribe = manager.onFailover((failed, next, failure) => calls.push([failed.id, next.id, failure.reason]))
    manager.markFailure('openai-primary', 'Rate limit', { isRateLimit: true })
    expect(calls).toEqual([['openai-primary', 'openai-backup', 'rate_limit']])
    manager.markFailure('openai-backup', 'boom')
    expect(calls).toHaveLength(1)
    unsubscribe()
    manager.resetAll()
    manager.markFailure('openai-primary', 'Rate limit', { isRateLimit: true })
    expect(calls).toHaveLength(1)
  })

  it('is not disturbed by a callback that throws', () => {
    const { manager } = setup()
    const failed: unknown[] = []
    manager.on('listener_failed', ({ event, message }) => failed.push([event, message]))
    manager.onFailover(() => {
      throw new Error('oops')
    })
    manager.markFailure('openai-primary', 'boom')
    expect(manager.getNextProfile()?.id).toBe('openai-backup')
    expect(failed).toEqual([['failover', 'oops']])
  })

  it('doubles the retry delay from 1 s up to 60 s', () => {
    const { manager } = setup()
    expect([0, 1, 2, 3, 5, 6, 20].map((attempt) => manager.getRetryDelayMs(attempt))).toEqual([
      1_000, 2_000, 4_000, 8_000, 32_000, 60_000, 60_000,
    ])
  })

  it('keeps the retry delay constant where exponential back-off is off', () => {
    const { manager } = setup({ retry: { ...presets.praisonai.retry, exponential: false } })
    expect([0, 1, 7].map((attempt) => manager.getRetryDelayMs(attempt))).toEqual([1_000, 1_000, 1_000])
  })

  it('shows a status with masked keys', () => {
    const { manager } = setup()
    const status = manager.status()
    expect(status).toMatchObject({ totalProfiles: 2, availableProfiles: 2 })
    expect(status.profiles[0]).toMatchObject({
      id: 'openai-primary',
      provider: 'openai',
      apiKey: '***1234',
      status: 'available',
    })
    expect(status.config).toMatchObject({ rotateOnSuccess: false, retry: { maxDelayMs: 60_000 } })
    manager.markFailure('openai-primary', 'boom')
    expect(manager.status()).toMatchObject({ availableProfiles: 1, profiles: [{ lastError: { message: 'boom' } }, {}] })
  })

  it('resets one profile, or all', () => {
    const { manager } = setup()
    manager.markFailure('openai-primary', 'boom')
    manager.markFailure('openai-backup', 'boom')
    manager.reset('openai-backup')
    expect(manager.getNextProfile()?.id).toBe('openai-backup')
    manager.resetAll()
    expect(manager.status()).toMatchObject({ availableProfiles: 2 })
  })

  it('leaves out a disabled profile until it is enabled', () => {
    const { manager } = setup()
    manager.disable('openai-primary', 'the invoice is open')
    expect(manager.getNextProfile()?.id).toBe('openai-backup')
    expect(manager.status().profiles[0]).toMatchObject({
      status: 'disabled',
      reason: 'the invoice is open',
      clearedBy: 'enable',
    })
    manager.enable('openai-primary')
    expect(manager.getNextProfile()?.id).toBe('openai-primary')
  })

  it('stays with a profile that succeeds, or rotates among equals where it is told to', async () => {
    for (const [rotateOnSuccess, expected] of [
      [false, ['a:1', 'a:1', 'a:1', 'a:1']],
      [true, ['a:1', 'a:2', 'a:1', 'a:2']],
    ] as const) {
      const clock = new VirtualClock()
      const profiles = [{ id: 'a:1' }, { id: 'a:2' }, { id: 'a:3', priority: 1 }]
      const manager = new FailoverManager({ ...presets.praisonai, clock, profiles, rotateOnSuccess })
      const used: string[] = []
      for (let request = 0; request < 4; request += 1) {
        used.push(await manager.run('a/m', ({ profile }) => profile.id))
        await clock.advance(10)
      }
      expect(used).toEqual(expected)
    }
  })

  it('moves on to the next profile after a back-off, and retries three times at most', async () => {
    const clock = new VirtualClock()
    const startedAt = clock.now()
    const times: number[] = []
    const openai = scriptedProvider('openai', ({ profile }) => {
      times.push(clock.now() - startedAt)
      throw answer(500, `boom ${profile.id}`)
    })
    const manager = new FailoverManager<TextRequest, string>({
      ...presets.praisonai,
      clock,
      profiles: [{ id: 'openai:a' }, { id: 'openai:b', priority: 1 }],
      registry: { openai },
    })
    const error = await clock.runUntil(manager.call({ model: 'openai/gpt-4o' }).catch((thrown: unknown) => thrown))
    expect(error).toMatchObject({ code: 'ALL_TARGETS_FAILED' })
    // When all are cooling, the one with the shortest time left is taken.
    expect(openai.seen).toEqual(['openai:a gpt-4o', 'openai:b gpt-4o', 'openai:a gpt-4o', 'openai:b gpt-4o'])
    expect(times).toEqual([0, 1_000, 3_000, 7_000])
  })

  it('counts every failure as a try, refused keys too', async () => {
    const clock = new VirtualClock()
    const openai = scriptedProvider('openai', () => {
      throw answer(401, 'Unauthorized')
    })
    const profiles = [{ id: 'openai:a' }, { id: 'openai:b' }, { id: 'openai:c' }]
    const manager = new FailoverManager<TextRequest, string>({
      ...presets.praisonai,
      clock,
      profiles,
      registry: { openai },
    })
    await clock.runUntil(manager.call({ model: 'openai/gpt-4o' }).catch(() => {}))
    expect(openai.seen).toHaveLength(4)
  })
})
