import { describe, expect, it } from 'vitest'
import { formatMistake } from '../../src/config/index.ts'
import { EXAMPLE_SUBJECT, readScenario, type Scenario } from '../../src/simulate/index.ts'
import { Workspace } from '../config/workspace.ts'

async function read(yaml: string, environment: Readonly<Record<string, string>> = {}) {
  using workspace = new Workspace({ 'outage.yaml': yaml })
  const source = { path: 'outage.yaml', directory: workspace.directory, environment, subject: EXAMPLE_SUBJECT }
  return await readScenario(source)
}

async function scenarioIn(yaml: string): Promise<Scenario> {
  const found = await read(yaml)
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
      traffic: { perSecond: 2, minutes: 60, route: undefined, isStreaming: true },
      answers: { firstContentMs: 700, tokensPerSecond: 80, inputTokens: 800, outputTokens: 240, spread: 0.35 },
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
    expect(traffic).toEqual({ perSecond: 0.5, minutes: 90, route: 'openai/gpt-5', isStreaming: false })
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
      'outage.yaml:2:41 traffic.rote: there is no such key; allowed are perSecond, minutes, route, streaming',
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
  - { provider: openai, profile: anthropic:a, down: true }
`),
    ).toEqual([
      'outage.yaml:2:17 faults[0].provider: there is no provider "opnai"; allowed are openai, anthropic, <primary>, <fallback>',
      'outage.yaml:3:16 faults[1].profile: there is no profile "openai:d"; allowed are openai:a, openai:b, openai:c, anthropic:a, anthropic:b, <primary>, <fallback>',
      'outage.yaml:4:14 faults[2].model: there is no model "gpt-4"; allowed are gpt-5, claude-sonnet-4-5, <primary>, <fallback>',
      'outage.yaml:4:29 faults[2].origin: there is no origin "https://api.openai.org"; allowed are https://api.openai.com, https://api.anthropic.com, <primary>, <fallback>',
      'outage.yaml:5:5 faults[3]: no target of the route is concerned; its targets are openai/gpt-5@openai:a, openai/gpt-5@openai:b, openai/gpt-5@openai:c, anthropic/claude-sonnet-4-5@anthropic:a, anthropic/claude-sonnet-4-5@anthropic:b',
    ])
    expect((await mistakesIn('traffic: { route: nowhere/at-all }'))[0]).toMatch(
      /^outage\.yaml:1:19 traffic\.route: it leads to no target \(.*\); allowed are smart, or a model reference$/,
    )
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
})
