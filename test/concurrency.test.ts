import { describe, expect, it } from 'vitest'
import { httpProviders, textOf } from '../src/http/index.ts'
import { type AttemptRecord, type FailoverEvent, FailoverManager } from '../src/index.ts'
import { type Fault, faults, startFaultProvider } from '../src/testing/index.ts'

interface Request {
  readonly model: string
  readonly stream: boolean
  readonly max_tokens: number
  readonly messages: readonly { readonly role: string; readonly content: string }[]
}

const REQUESTS = 300
const KEYS = 8
const SEED = Number(process.env.HOTSPARE_SEED ?? 20_261_122)

describe.each(['openai', 'anthropic'] as const)(
  'three hundred requests at the same time over %s, while keys fail at random',
  (dialect) => {
    it(`are answered once each, with the right answer, and the events explain every attempt (seed ${SEED})`, async () => {
      const random = mulberry32(SEED)
      const pick = <Item>(items: readonly [Item, ...Item[]]): Item =>
        items[Math.floor(random() * items.length)] ?? items[0]
      const keys = Array.from({ length: KEYS }, (_, index) => `sk-key-${index}-0000000000`)
      const fault = (): Fault =>
        pick([
          faults.rateLimited({ retryAfterSeconds: 1 }),
          faults.serverError(500),
          faults.overloaded(),
          faults.resetBeforeHeaders(),
          faults.errorAfter(0, 'overloaded'),
          faults.okWithError('rate_limited'),
          faults.badGateway(),
          faults.emptyBody(),
        ])
      // Two keys are dead for good, the others stumble over a fault of their own now and then.
      const [revoked, broke, ...others] = keys
      await using provider = await startFaultProvider({
        answer: ({ body }) => ({ text: echo(body) }),
        keys: {
          [String(revoked)]: faults.revokedKey(),
          [String(broke)]: faults.insufficientQuota(),
          ...Object.fromEntries(
            others.map((key) => [
              key,
              Array.from({ length: 6 }, () => faults.once(fault())).flatMap((one) => [
                one,
                faults.times(5, faults.healthy()),
              ]),
            ]),
          ),
        },
      })
      await using registry = httpProviders<Request, unknown>({
        providers: { main: { dialect, baseUrl: provider.url } },
      })
      const manager = new FailoverManager<Request, unknown>({
        profiles: keys.map((apiKey, index) => ({ id: `main:${index}`, apiKey, limits: { maxConcurrent: 8 } })),
        fallbacks: ['main/second-model', 'main/third-model'],
        wait: { maxMs: 30_000, maxQueued: REQUESTS },
        budget: { maxAttempts: 30 },
        retry: { attempts: 10, minDelayMs: 20 },
        random,
        registry,
      })
      const events: FailoverEvent[] = []
      manager.on('*', (event) => events.push(event))

      const results = await Promise.all(
        Array.from({ length: REQUESTS }, async (_, index) => {
          const question = `question ${index} of ${REQUESTS}`
          const stream = await manager.call({
            model: 'main/first-model',
            stream: index % 2 === 0,
            max_tokens: 100,
            messages: [{ role: 'user', content: question }],
          })
          let text = ''
          for await (const event of stream) text += textOf(event)
          return { question, text, attempts: stream.attempts }
        }),
      )

      for (const { question, text } of results) expect(text).toBe(`you asked: ${question}`)
      expectExplained(events, results, provider.attempts.length)
      // Each failure in the events is a fault that the provider dealt out, key by key and status by status.
      const dealt = provider.attempts.filter(({ fault }) => fault !== undefined && fault.name !== 'healthy')
      expect(
        tally(
          events.flatMap((event) =>
            event.type === 'attempt_failed' ? [`${event.target.profile} ${event.failure.status ?? 200}`] : [],
          ),
        ),
      ).toEqual(tally(dealt.map(({ key, status }) => `main:${keys.indexOf(String(key))} ${status ?? 200}`)))
      expect(manager.status().profiles.map(({ inFlight }) => inFlight)).toEqual(keys.map(() => 0))
    })
  },
)

/** Each request has one outcome, each attempt one beginning and one end, and the provider saw exactly those. */
function expectExplained(
  events: readonly FailoverEvent[],
  results: readonly { readonly attempts: readonly AttemptRecord[] }[],
  seen: number,
): void {
  const of = <Type extends FailoverEvent['type']>(
    ...types: readonly Type[]
  ): Extract<FailoverEvent, { type: Type }>[] =>
    events.filter((event): event is Extract<FailoverEvent, { type: Type }> => types.some((type) => type === event.type))
  const started = of('attempt_started')
  const ended = of('attempt_succeeded', 'attempt_failed', 'attempt_canceled')
  const name = (event: { readonly requestId: string; readonly attempt: number }): string =>
    `${event.requestId} ${event.attempt}`
  expect(of('request_succeeded')).toHaveLength(REQUESTS)
  expect(of('request_failed', 'request_canceled')).toEqual([])
  expect(ended.map(name).toSorted()).toEqual(started.map(name).toSorted())
  expect(new Set(started.map(name)).size).toBe(started.length)
  expect(of('attempt_succeeded')).toHaveLength(REQUESTS)
  expect(started).toHaveLength(seen)
  expect(started).toHaveLength(results.flatMap(({ attempts }) => attempts).length)
  expect(of('request_succeeded').reduce((sum, { attempts }) => sum + attempts, 0)).toBe(seen)
}

/** How often each occurs. */
function tally(items: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const item of items.toSorted()) counts[item] = (counts[item] ?? 0) + 1
  return counts
}

function echo(body: unknown): string {
  const { messages } = body as Request
  return `you asked: ${messages.at(-1)?.content}`
}

function mulberry32(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let value = Math.imul(state ^ (state >>> 15), state | 1)
    value ^= value + Math.imul(value ^ (value >>> 7), value | 61)
    return ((value ^ (value >>> 14)) >>> 0) / 2 ** 32
  }
}
