import { describe, expect, it } from 'vitest'
import { FailoverError, FailoverManager, type FailoverOptions } from '../index.ts'

/** Wrong on purpose. */
function construct(options: unknown): () => unknown {
  return () => new FailoverManager(options as FailoverOptions)
}

describe('a wrong option', () => {
  it.each<[options: unknown, message: string]>([
    [42, 'options: 42 is not allowed; it must be an object'],
    [
      { fallback: [] },
      'fallback: an array of 0 is not allowed; there is no such option; allowed are order, fallbacks,',
    ],
    [{ retry: { attempts: 0 } }, 'retry.attempts: 0 is not allowed; it must be a whole number of at least 1'],
    [{ retry: { attempts: 1.5 } }, 'retry.attempts: 1.5 is not allowed; it must be a whole number of at least 1'],
    [{ retry: { minDelayMs: -1 } }, 'retry.minDelayMs: -1 is not allowed; it must be a number of at least 0'],
    [{ retry: { minDelayMs: Number.NaN } }, 'retry.minDelayMs: NaN is not allowed'],
    [
      { retry: { minDelayMs: 5_000, maxDelayMs: 1_000 } },
      'retry.maxDelayMs: 1000 is not allowed; it must not be less than minDelayMs (5000)',
    ],
    [{ retry: { jitter: 2 } }, 'retry.jitter: 2 is not allowed; it must be a number from 0 to 1'],
    [{ retry: { exponential: 'yes' } }, 'retry.exponential: "yes" is not allowed; it must be true or false'],
    [{ retry: { retries: 3 } }, 'retry.retries: 3 is not allowed; there is no such option; allowed are attempts,'],
    [{ retry: null }, 'retry: null is not allowed; it must be an object'],
    [
      { budget: { maxAttempts: '10' } },
      'budget.maxAttempts: "10" is not allowed; it must be a whole number of at least 1',
    ],
    [
      { wait: { maxMs: Number.POSITIVE_INFINITY } },
      'wait.maxMs: Infinity is not allowed; it must be a number of at least 0',
    ],
    [{ wait: { maxQueued: -1 } }, 'wait.maxQueued: -1 is not allowed'],
    [{ timeouts: { idleMs: 0 } }, 'timeouts.idleMs: 0 is not allowed; it must be a number of at least 1'],
    [{ timeouts: { idle: 30 } }, 'timeouts.idle: 30 is not allowed; there is no such option'],
    [
      { cooldown: { rateLimit: { minMs: 10, maxMs: 5 } } },
      'cooldown.rateLimit.maxMs: 5 is not allowed; it must not be less than minMs (10)',
    ],
    [{ cooldown: { ratelimit: {} } }, 'cooldown.ratelimit: an object is not allowed; there is no such option'],
    [{ cooldown: { maxHintMs: -5 } }, 'cooldown.maxHintMs: -5 is not allowed'],
    [{ strategy: 'fastest' }, 'strategy: "fastest" is not allowed; it must be one of priority'],
    [{ policy: 'litellm' }, 'policy: "litellm" is not allowed; it must be one of evidence, rsclaw, praisonai'],
    [{ rotateOnSuccess: 1 }, 'rotateOnSuccess: 1 is not allowed; it must be true or false'],
    [{ fallbacks: 'openai/gpt-5' }, 'fallbacks: "openai/gpt-5" is not allowed; it must be an array of texts'],
    [{ fallbacks: ['openai/gpt-5', ''] }, 'fallbacks[1]: "" is not allowed; it must be a text that is not empty'],
    [{ routes: { smart: {} } }, 'routes.smart.primary: undefined is not allowed; it must be a text that is not empty'],
    [
      { routes: { smart: { primary: 'a/b', fallback: [] } } },
      'routes.smart.fallback: an array of 0 is not allowed; there is no such option; allowed are primary, fallbacks',
    ],
    [
      { routes: { 'very smart': { primary: 'a/b' } } },
      '"very smart" is not allowed; it must be a text without white space',
    ],
    [
      { order: { openai: ['openai:a'] } },
      'order.openai[0]: "openai:a" is not allowed; there is no profile of this id for openai',
    ],
    [{ order: ['openai:a'] }, 'order: an array of 1 is not allowed; it must be an object'],
    [
      { order: { openai: ['openai:a', 'openai:a'] }, profiles: [{ id: 'openai:a' }] },
      'order.openai[1]: "openai:a" is not allowed; it is named twice',
    ],
    [
      { order: { anthropic: ['openai:a'] }, profiles: [{ id: 'openai:a' }] },
      'order.anthropic[0]: "openai:a" is not allowed',
    ],
    [{ profiles: {} }, 'profiles: an object is not allowed; it must be an array of profiles'],
    [{ profiles: [{}] }, 'profiles[0].id: undefined is not allowed; it must be a text without white space'],
    [{ profiles: [{ id: 'a b' }] }, 'profiles[0].id: "a b" is not allowed; it must be a text without white space'],
    [
      { profiles: [{ id: 'plain' }] },
      'profiles[0].provider: undefined is not allowed; it must be named, since the id "plain" has no "provider:" in front',
    ],
    [
      { profiles: [{ id: 'a:b' }, { id: 'a:b' }] },
      'profile.id: "a:b" is not allowed; there is a profile of this id already',
    ],
    [
      { profiles: [{ id: 'a:b', apikey: 'x' }] },
      'profiles[0].apikey: a text of 1 characters is not allowed; there is no such option',
    ],
    [
      { profiles: [{ id: 'a:b', apiKey: '' }] },
      'profiles[0].apiKey: a value of type string is not allowed; it must be a text that is not empty, or a function',
    ],
    [
      { profiles: [{ id: 'a:b', baseUrl: 'localhost' }] },
      'profiles[0].baseUrl: a text of 9 characters is not allowed; it must be an http or https URL',
    ],
    [
      { profiles: [{ id: 'a:b', priority: 'high' }] },
      'profiles[0].priority: "high" is not allowed; it must be a number',
    ],
    [{ profiles: [{ id: 'a:b', weight: 0 }] }, 'profiles[0].weight: 0 is not allowed; it must be a number'],
    [
      { profiles: [{ id: 'a:b', limits: { rpm: 5 } }] },
      'profiles[0].limits.rpm: 5 is not allowed; there is no such option; allowed are requestsPerMinute,',
    ],
    [
      { profiles: [{ id: 'a:b', limits: { maxConcurrent: 0 } }] },
      'profiles[0].limits.maxConcurrent: 0 is not allowed; it must be a whole number of at least 1',
    ],
    [{ profiles: [{ id: 'a:b', metadata: 'x' }] }, 'profiles[0].metadata: "x" is not allowed; it must be an object'],
    [
      { registry: [] },
      'registry: an array of 0 is not allowed; it must be a ProviderRegistry or an object of providers by name',
    ],
    [{ registry: { openai: {} } }, 'provider.stream: undefined is not allowed; it must be a function'],
    [{ clock: {} }, 'clock.now: undefined is not allowed; it must be a function'],
    [{ random: 4 }, 'random: 4 is not allowed; it must be a function'],
  ])('is refused at construction: %j', (options, message) => {
    let error: unknown
    try {
      construct(options)()
    } catch (thrown) {
      error = thrown
    }
    expect(error).toBeInstanceOf(FailoverError)
    expect(error).toMatchObject({ code: 'INVALID_OPTION', message: expect.stringContaining(message) })
  })
})

describe('a wrong argument', () => {
  const manager = new FailoverManager({ profiles: [{ id: 'a:b' }] })
  const wrong = (value: unknown): never => value as never

  it.each<[what: string, action: () => unknown, message: string]>([
    [
      'getNextProfile',
      () => manager.getNextProfile(wrong({ providers: 'a' })),
      'query.providers: a text of 1 characters is not allowed',
    ],
    ['acquire', () => manager.acquire(wrong(null)), 'query: null is not allowed'],
    [
      'markFailure',
      () => manager.markFailure('a:b', 'x', wrong({ isRateLimited: true })),
      'mark.isRateLimited: true is not allowed',
    ],
    [
      'markFailure',
      () => manager.markFailure('a:b', 'x', { retryAfterMs: -1 }),
      'mark.retryAfterMs: -1 is not allowed',
    ],
    [
      'updateProfile',
      () => manager.updateProfile('a:b', wrong({ id: 'c' })),
      'patch.id: a text of 1 characters is not allowed',
    ],
    ['getRetryDelayMs', () => manager.getRetryDelayMs(-1), 'attempt: -1 is not allowed'],
    ['onFailover', () => manager.onFailover(wrong('x')), 'callback: "x" is not allowed; it must be a function'],
    [
      'on',
      () => manager.on(wrong('attempt_start'), () => {}),
      'type: "attempt_start" is not allowed; it must be one of *, request_started,',
    ],
    ['disable', () => manager.disable('a:b', ''), 'reason: "" is not allowed'],
  ])('of %s is named', (_, action, message) => {
    expect(action).toThrow(message)
  })

  it.each<[options: unknown, message: string]>([
    [{ deadlineMs: 0 }, 'options.deadlineMs: 0 is not allowed'],
    [{ signal: 'stop' }, 'options.signal: "stop" is not allowed; it must be an AbortSignal'],
    [{ sessionKey: '' }, 'options.sessionKey: a value of type string is not allowed'],
    [{ fallbacks: 'x' }, 'options.fallbacks: "x" is not allowed'],
    [{ timeoutMs: 5 }, 'options.timeoutMs: 5 is not allowed; there is no such option'],
  ])('of call and run is named: %j', async (options, message) => {
    await expect(manager.call({ model: 'a/m' }, wrong(options))).rejects.toMatchObject({
      code: 'INVALID_OPTION',
      message: expect.stringContaining(message),
    })
    await expect(manager.run('a/m', () => 1, wrong(options))).rejects.toMatchObject({
      code: 'INVALID_OPTION',
      message: expect.stringContaining(message),
    })
  })
})

describe('a request that cannot be sent', () => {
  const manager = new FailoverManager({ profiles: [{ id: 'a:b' }] })

  it.each<[request: unknown]>([[undefined], [null], ['gpt-5'], [{}], [{ model: '' }], [{ model: 42 }]])(
    'for want of a model is an INVALID_REQUEST: %j',
    async (request) => {
      await expect(manager.call(request as never)).rejects.toMatchObject({
        code: 'INVALID_REQUEST',
        message: expect.stringMatching(/model|object/),
      })
    },
  )

  it('because nobody serves the model says who was asked for', async () => {
    await expect(manager.call({ model: 'ghost/m' })).rejects.toMatchObject({
      code: 'NO_TARGET',
      message: 'nobody serves ghost/m: provider ghost is not registered',
      attempts: [],
    })
    await expect(new FailoverManager().call({ model: 'gpt-5' })).rejects.toMatchObject({
      code: 'NO_TARGET',
      message: 'nobody serves gpt-5: provider openai is not registered',
    })
  })

  it('because its chain is empty is a NO_TARGET', async () => {
    const circular = new FailoverManager({ routes: { a: { primary: 'b' }, b: { primary: 'a' } } })
    await expect(circular.call({ model: 'a' })).rejects.toMatchObject({
      code: 'NO_TARGET',
      message: expect.stringContaining('a'),
    })
  })

  it('is never taken for a model of a prototype', async () => {
    await expect(manager.call({ model: 'constructor' }, { fallbacks: ['__proto__'] })).rejects.toMatchObject({
      code: 'NO_TARGET',
    })
  })
})
