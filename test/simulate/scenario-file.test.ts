import { describe, expect, it } from 'vitest'
import { formatMistake } from '../../src/config/index.ts'
import { EXAMPLE_SUBJECT, readScenario, type Scenario } from '../../src/simulate/index.ts'
import { Workspace } from '../config/workspace.ts'

async function read(yaml: string, environment: Readonly<Record<string, string>> = {}) {
  using workspace = new Workspace({ 'outage.yaml': yaml })
  const source = { path: 'outage.yaml', directory: workspace.directory, environment, subject: EXAMPLE_SUBJECT }
  return await readScenario(source)
}

async function scenarioIn(yaml: string, environment: Readonly<Record<string, string>> = {}): Promise<Scenario> {
  const found = await read(yaml, environment)
  if (found.state === 'invalid') throw new Error(found.mistakes.map(formatMistake).join('\n'))
  return found.scenario
}

async function mistakesIn(yaml: string): Promise<string[]> {
  const found = await read(yaml)
  return found.state === 'valid' ? [] : found.mistakes.map(formatMistake)
}

describe('a scenario file', () => {
  it('may be empty but for its version: then nothing goes wrong', async () => {
    expect(await scenarioIn('version: 1')).toEqual({
      name: 'outage.yaml',
      description: '',
      traffic: { perSecond: 2, minutes: 60, route: undefined, dialect: undefined, isStreaming: true },
      answers: {
        firstContentMs: 700,
        tokensPerSecond: 80,
        inputTokens: 800,
        outputTokens: 240,
        spread: 0.35,
        divergesAgain: 0.5,
        divergesElsewhere: 0.9,
      },
      faults: [],
    })
  })

  it('says what is asked, and what goes wrong with whom and when', async () => {
    const { traffic, faults } = await scenarioIn(`
traffic: { perSecond: 0.5, minutes: 90, route: openai/gpt-5, streaming: false }
faults:
  - { from: 5, until: 25m, provider: openai, down: true }
  - { from: 90s, profile: openai:b, reject: 401 }
  - { every: 1m, for: 30s, model: gpt-5, down: silent }
  - { origin: https://api.openai.com, errors: 0.3, latency: x3, cut: 0.1 }
  - { errors: { ratio: 0.5, status: 529 }, latency: { ms: 20000 } }
  - { profile: <primary>, limit: { requestsPerMinute: 60, window: fixed, retryAfter: none } }
`)
    expect(traffic).toEqual({
      perSecond: 0.5,
      minutes: 90,
      route: 'openai/gpt-5',
      dialect: undefined,
      isStreaming: false,
    })
    expect(faults).toEqual([
      { fromMs: 300_000, untilMs: 1_500_000, about: { provider: 'openai' }, down: 503 },
      { fromMs: 90_000, untilMs: Number.POSITIVE_INFINITY, about: { profile: 'openai:b' }, reject: 401 },
      {
        fromMs: 0,
        untilMs: Number.POSITIVE_INFINITY,
        repeat: { everyMs: 60_000, forMs: 30_000 },
        about: { model: 'gpt-5' },
        down: 'silent',
      },
      {
        fromMs: 0,
        untilMs: Number.POSITIVE_INFINITY,
        about: { origin: 'https://api.openai.com' },
        errors: { ratio: 0.3, status: 500 },
        latency: { factor: 3, ms: 0 },
        cut: 0.1,
      },
      {
        fromMs: 0,
        untilMs: Number.POSITIVE_INFINITY,
        about: {},
        errors: { ratio: 0.5, status: 529 },
        latency: { factor: 1, ms: 20_000 },
      },
      {
        fromMs: 0,
        untilMs: Number.POSITIVE_INFINITY,
        about: { profile: '<primary>' },
        limit: { requestsPerMinute: 60, window: 'fixed', retryAfter: 'none', quotaHeaders: false, shared: false },
      },
    ])
  })

  it('has all its mistakes told at once, each with its place and what is allowed', async () => {
    expect(
      await mistakesIn(`version: 2
traffic: { perSecond: 0, minutes: soon, rote: smart }
faults:
  - { from: later, down: 418 }
  - { limit: { requestsPerMinute: 0, window: sliding } }
  - { reject: 500 }
  - { errors: 30 }
`),
    ).toEqual([
      'outage.yaml:1:10 version: 2 is not allowed; it must be 1',
      'outage.yaml:2:23 traffic.perSecond: 0 is not allowed; it must be a number of more than 0',
      'outage.yaml:2:35 traffic.minutes: "soon" is not allowed; it must be a number of more than 0',
      'outage.yaml:2:41 traffic.rote: there is no such key; allowed are perSecond, minutes, route, dialect, streaming',
      'outage.yaml:4:13 faults[0].from: "later" is not allowed; it must be a number of minutes, or a time such as 90s, 5m or 1h30m',
      'outage.yaml:4:26 faults[0].down: 418 is not allowed; it must be true, refused, dns, silent, or one of the statuses 429, 500, 502, 503, 504, 529',
      'outage.yaml:5:35 faults[1].limit.requestsPerMinute: 0 is not allowed; it must be a whole number of at least 1',
      'outage.yaml:5:46 faults[1].limit.window: "sliding" is not allowed; it must be one of bucket, fixed',
      'outage.yaml:6:15 faults[2].reject: 500 is not allowed; it must be 401, 402, 403 or 404',
      'outage.yaml:7:15 faults[3].errors: 30 is not allowed; it must be a number from 0 to 1',
    ])
  })

  it('must make sense', async () => {
    expect(
      await mistakesIn(`faults:
  - { from: 5m }
  - { from: 5m, until: 5m, down: true }
  - { every: 1m, down: true }
  - { for: 1m, down: true }
  - { every: 1m, for: 60s, down: true }
  - { limit: { window: fixed } }
  - { every: 10ms, for: 5ms, down: true }
`),
    ).toEqual([
      'outage.yaml:2:5 faults[0]: nothing happens here; name one of down, reject, limit, errors, latency, cut',
      'outage.yaml:3:24 faults[1].until: it is over before it begins; until must be later than from',
      'outage.yaml:4:14 faults[2].every: how long it lasts each time is missing; write for: beside it',
      'outage.yaml:5:12 faults[3].for: how often it comes is missing; write every: beside it, or until: in place of for:',
      'outage.yaml:6:23 faults[4].for: it lasts until it comes again; for must be shorter than every',
      'outage.yaml:7:14 faults[5].limit: nothing is limited here; name requestsPerMinute or tokensPerMinute',
      'outage.yaml:8:14 faults[6].every: it comes too often; every must be at least 1s',
    ])
  })

  it('must name what there is in the configuration', async () => {
    expect(
      await mistakesIn(`faults:
  - { provider: opnai, down: true }
  - { profile: openai:d, down: true }
  - { model: gpt-4, origin: https://api.openai.org, down: true }
  - { provider: openai, profile: openrouter:a, down: true }
`),
    ).toEqual([
      'outage.yaml:2:17 faults[0].provider: there is no provider "opnai"; allowed are openai, openrouter, <primary>, <fallback>',
      'outage.yaml:3:16 faults[1].profile: there is no profile "openai:d"; allowed are openai:a, openai:b, openai:c, openrouter:a, openrouter:b, <primary>, <fallback>',
      'outage.yaml:4:14 faults[2].model: there is no model "gpt-4"; allowed are gpt-5, openai/gpt-5, <primary>, <fallback>',
      'outage.yaml:4:29 faults[2].origin: there is no origin "https://api.openai.org"; allowed are https://api.openai.com, https://openrouter.ai, <primary>, <fallback>',
      'outage.yaml:5:5 faults[3]: no target of the route is concerned; its targets are openai/gpt-5@openai:a, openai/gpt-5@openai:b, openai/gpt-5@openai:c, openrouter/openai/gpt-5@openrouter:a, openrouter/openai/gpt-5@openrouter:b',
    ])
    for (const route of ['nowhere/at-all', 'smrt', 'openai', 'openai/'])
      expect(await mistakesIn(`traffic: { route: ${route} }`)).toEqual([
        `outage.yaml:1:19 traffic.route: "${route}" is neither a route nor a model of a provider that is configured; allowed are smart, openai/MODEL, openrouter/MODEL`,
      ])
    expect(await mistakesIn('traffic: { dialect: anthropic }')).toEqual([
      'outage.yaml:1:21 traffic.dialect: no target that is asked speaks anthropic; leave it out, or ask others',
    ])
  })

  it('is YAML or JSON, and must be there', async () => {
    expect((await scenarioIn('{"faults": [{"down": "refused"}]}')).faults).toHaveLength(1)
    expect(await mistakesIn('faults: [')).toEqual([expect.stringMatching(/^outage\.yaml:1:\d+ \(file\): /)])
    const source = { directory: '/', environment: {}, subject: EXAMPLE_SUBJECT }
    expect(await readScenario({ ...source, path: 'no/such.yaml' })).toMatchObject({
      state: 'invalid',
      mistakes: [{ file: 'no/such.yaml', message: 'there is no such file' }],
    })
  })

  it('has mistakes within maps told where they stand, beside those of meaning', async () => {
    expect(
      await mistakesIn(`faults:
  - { errors: { ratio: 2 }, latency: -1 }
  - { errors: { rati: 0.2 }, latency: fast }
  - { latency: { factr: 2, ms: -3 } }
  - { from: 6m, until: 2m, down: true }
  - { provider: opnai, down: true }
  - { errors: [1], latency: { factor: x2 } }
  - { errors: soon }
  - { errors: { ratio: 0.1, status: 418 } }
`),
    ).toEqual([
      'outage.yaml:2:24 faults[0].errors.ratio: 2 is not allowed; it must be a number from 0 to 1',
      'outage.yaml:2:38 faults[0].latency: -1 is not allowed; it must be a factor such as 3, of at least 0, or a map with the keys factor, ms',
      'outage.yaml:3:15 faults[1].errors.ratio: it is missing; it must be a number from 0 to 1',
      'outage.yaml:3:17 faults[1].errors.rati: there is no such key; allowed are ratio, status',
      'outage.yaml:3:39 faults[1].latency: "fast" is not allowed; it must be a factor such as 3, of at least 0, or a map with the keys factor, ms',
      'outage.yaml:4:18 faults[2].latency.factr: there is no such key; allowed are factor, ms',
      'outage.yaml:4:32 faults[2].latency.ms: -3 is not allowed; it must be a number of at least 0',
      'outage.yaml:5:24 faults[3].until: it is over before it begins; until must be later than from',
      'outage.yaml:6:17 faults[4].provider: there is no provider "opnai"; allowed are openai, openrouter, <primary>, <fallback>',
      'outage.yaml:7:15 faults[5].errors: a list is not allowed; it must be a share from 0 to 1, or a map with the keys ratio, status',
      'outage.yaml:7:39 faults[5].latency.factor: "x2" is not allowed; it must be a number of at least 0',
      'outage.yaml:8:15 faults[6].errors: "soon" is not allowed; it must be a number from 0 to 1',
      'outage.yaml:9:37 faults[7].errors.status: 418 is not allowed; it must be one of 429, 500, 502, 503, 504, 529',
    ])
  })

  it('shows nothing that came of a variable', async () => {
    const yaml = `traffic: { route: "\${V}" }
faults:
  - { errors: "\${V}", latency: "\${V}", from: "\${V}", down: "\${V}" }
`
    const names = `faults: [{ provider: "\${V}", down: true }, { origin: "\${V}", down: true }]`
    for (const written of [yaml, names]) {
      const found = await read(written, { V: 'canary-value' })
      const told = found.state === 'invalid' ? found.mistakes.map(formatMistake).join('\n') : ''
      expect(told).not.toBe('')
      expect(told).not.toContain('canary-value')
    }
    const { faults } = await scenarioIn(`faults: [{ errors: "\${RATIO}", latency: "\${FACTOR}" }]`, {
      RATIO: '0.3',
      FACTOR: '2',
    })
    expect(faults[0]).toMatchObject({ errors: { ratio: 0.3 }, latency: { factor: 2 } })
  })

  it('comes to no more than can be played', async () => {
    expect(
      await mistakesIn(`traffic: { perSecond: 20, minutes: 1000000 }
faults:
  - { every: 1s, for: 0.5s, down: true }
  - { until: 2h, every: 1s, for: 0.5s, down: true }
`),
    ).toEqual([
      'outage.yaml:1:10 traffic: 1,200,000,000 requests (20 a second for 16666h40m) are too many; at most 500,000 are played, so ask for fewer a second or for a shorter time',
      'outage.yaml:3:14 faults[0].every: it comes 60,000,000 times within 16666h40m, which is too often; at most 10,000 times are played, so let every be longer, or it end sooner',
    ])
  })
})
