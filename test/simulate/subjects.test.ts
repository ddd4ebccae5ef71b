import { describe, expect, it } from 'vitest'
import { subjectOf } from '../../src/cli/commands/simulate/subject-of.ts'
import { loadConfiguration } from '../../src/config/index.ts'
import {
  asConfigured,
  EXAMPLE_SUBJECT,
  figuresOf,
  prepare,
  runOn,
  type Subject,
  shippedScenario,
  simulate,
  withRulesOf,
} from '../../src/simulate/index.ts'
import { Workspace } from '../config/workspace.ts'

/** What a file comes to for a simulation, without any of the variables it names. */
async function subjectIn(yaml: string): Promise<Subject> {
  using workspace = new Workspace({ 'hotspare.yaml': yaml })
  const loaded = loadConfiguration({ environment: {}, directory: workspace.directory, areKeysNeeded: false })
  if (loaded.state === 'invalid') throw new Error(JSON.stringify(loaded.mistakes))
  return await subjectOf(loaded.setup)
}

const PROVIDER_DOWN = shippedScenario('provider-down')

async function chainIn(subject: Subject): Promise<{ route: string; names: readonly string[]; concerned: number }> {
  if (PROVIDER_DOWN === undefined) throw new Error('provider-down is gone')
  const { route, chain, faults } = await prepare(subject, PROVIDER_DOWN, 1)
  return { route, names: chain.map(({ name }) => name), concerned: faults[0]?.targets.length ?? 0 }
}

const YAML = `server: { adminKey: "\${ADMIN_KEY}", clients: [{ name: web, key: "\${WEB_KEY}" }] }
providers:
  openai:
    headers: { x-team: "\${TEAM}" }
    profiles:
      - { id: openai:a, apiKey: "\${OPENAI_API_KEY}", quotaGroup: org }
      - { id: openai:b, apiKey: { env: OPENAI_API_KEY_2 }, quotaGroup: org }
      - { id: openai:c, apiKey: { file: no/such/file } }
      - { id: openai:d, apiKey: { command: [no-such-program] }, baseUrl: "https://\${REGION}.example/v1" }
  azure: { dialect: openai, baseUrl: "\${AZURE_URL}", profiles: [{ id: azure:a, apiKey: "\${AZURE_KEY:-}" }] }
auth: { order: { openai: [openai:b, openai:a] } }
routes:
  careful: { primary: openai/gpt-5, fallbacks: [azure/gpt-5] }
  quick: { primary: azure/gpt-5-mini }
`

describe('a configuration', () => {
  it('is simulated without any of its keys and variables', async () => {
    const subject = await subjectIn(YAML)
    expect(JSON.stringify(subject)).not.toMatch(/no-such-program|adminKey|x-team/)
    expect(subject.dialects).toEqual({ openai: 'openai', azure: 'openai' })
    expect(subject.origins).toEqual({
      'openai:a': 'https://api.openai.com',
      'openai:b': 'https://api.openai.com',
      'openai:c': 'https://api.openai.com',
      'openai:d': 'https://region.example',
      'azure:a': 'https://azure-url.invalid',
    })
  })

  it('tells who is known to go on from a prefill, or said to', async () => {
    const { takesPrefill } = await subjectIn(`providers:
  openai: {}
  anthropic: {}
  local: { dialect: openai, baseUrl: "http://127.0.0.1:1/v1", prefill: [llama*] }
`)
    const takes = (provider: string, model: string): boolean | undefined =>
      takesPrefill?.({ provider, model, profile: `${provider}:default` })
    expect(takes('openai', 'gpt-5')).toBe(false)
    expect(takes('anthropic', 'claude-sonnet-4-5')).toBe(true)
    expect(takes('local', 'llama-3')).toBe(true)
    expect(takes('local', 'qwen')).toBe(false)
    expect(takesPrefill?.({ provider: 'nobody', model: 'm', profile: 'nobody:default' })).toBe(false)
  })

  it('is asked for its first route, in its own order', async () => {
    expect(await chainIn(await subjectIn(YAML))).toEqual({
      route: 'careful',
      names: [
        'openai/gpt-5@openai:b',
        'openai/gpt-5@openai:a',
        'openai/gpt-5@openai:c',
        'openai/gpt-5@openai:d',
        'azure/gpt-5@azure:a',
      ],
      concerned: 4,
    })
  })

  it('needs no route', async () => {
    const yaml = 'providers: { local: { dialect: openai, baseUrl: "http://127.0.0.1:1/v1" } }'
    expect(await chainIn(await subjectIn(yaml))).toEqual({
      route: 'local/any-model',
      names: ['local/any-model@local:default'],
      concerned: 1,
    })
  })

  it('keeps to the limits it sets itself', async () => {
    if (PROVIDER_DOWN === undefined) throw new Error('provider-down is gone')
    const { profiles = [] } = EXAMPLE_SUBJECT.failover
    const limited: Subject = {
      ...EXAMPLE_SUBJECT,
      failover: {
        ...EXAMPLE_SUBJECT.failover,
        profiles: profiles.map((profile) => ({ ...profile, limits: { requestsPerMinute: 30 } })),
      },
    }
    const calm = { ...PROVIDER_DOWN, faults: [], traffic: { ...PROVIDER_DOWN.traffic, minutes: 5, perSecond: 1 } }
    const journal = await runOn(await prepare(limited, calm, 1), asConfigured)
    const perProfile = Map.groupBy(journal.requests, ({ attempts }) => attempts.at(-1)?.target.profile)
    expect([...perProfile.keys()].sort()).toEqual(
      ['openai:a', 'openai:b', 'openai:c'].filter((id) => perProfile.has(id)),
    )
    expect(perProfile.get('openai:a')?.length).toBeLessThanOrEqual(30 * 6)
    expect(perProfile.get('openai:b')?.length).toBeGreaterThan(0)
    expect(figuresOf(journal).availability).toBe(1)
  })

  it('shares the limits of a provider within a quota group', async () => {
    const scenario = shippedScenario('all-keys-limited')
    if (scenario === undefined) throw new Error('all-keys-limited is gone')
    const { profiles = [] } = EXAMPLE_SUBJECT.failover
    const grouped: Subject = {
      ...EXAMPLE_SUBJECT,
      failover: {
        ...EXAMPLE_SUBJECT.failover,
        profiles: profiles.map((each) => ({ ...each, quotaGroup: each.provider ?? '' })),
      },
    }
    const letIn = async (subject: Subject): Promise<number> => {
      const journal = await runOn(await prepare(subject, scenario, 1), asConfigured)
      const attempts = journal.requests.flatMap((request) => request.attempts)
      return attempts.filter(({ outcome, target }) => outcome === 'answered' && target.provider === 'openai').length
    }
    // 30 a minute for an hour and a bucket to begin with: once for the group, three times for three keys.
    expect(await letIn(grouped)).toBeLessThanOrEqual(30 * 61)
    expect(await letIn(EXAMPLE_SUBJECT)).toBeGreaterThan(30 * 61)
  })

  const TWO_DIALECTS = `providers: { openai: {}, anthropic: {}, openrouter: {} }
routes: { smart: { primary: openai/gpt-5, fallbacks: [anthropic/claude-sonnet-4-5, openrouter/openai/gpt-5] } }
`

  it('serves requests with targets of their own dialect alone, as the gateway does', async () => {
    if (PROVIDER_DOWN === undefined) throw new Error('provider-down is gone')
    const subject = await subjectIn(TWO_DIALECTS)
    const { minutes, ...traffic } = PROVIDER_DOWN.traffic
    const scenario = { ...PROVIDER_DOWN, traffic: { ...traffic, minutes: 10 } }
    const stage = await prepare(subject, scenario, 1)
    expect({ dialect: stage.dialect, leftOut: stage.leftOut.map(({ name }) => name) }).toEqual({
      dialect: 'openai',
      leftOut: ['anthropic/claude-sonnet-4-5@anthropic:default'],
    })
    for (const entrant of [asConfigured, withRulesOf('rsclaw'), withRulesOf('praisonai')]) {
      const { requests } = await runOn(stage, entrant)
      const asked = new Set(requests.flatMap(({ attempts }) => attempts.map(({ target }) => target.provider)))
      expect(asked.has('openai')).toBe(true)
      expect(asked.has('anthropic')).toBe(false)
    }
    expect(figuresOf(await runOn(stage, asConfigured)).availability).toBe(1)
    const { leftOut } = await simulate(stage)
    expect(leftOut).toEqual([{ target: 'anthropic/claude-sonnet-4-5@anthropic:default', dialect: 'anthropic' }])
  })

  it('has no failover where all fallbacks speak another dialect', async () => {
    if (PROVIDER_DOWN === undefined) throw new Error('provider-down is gone')
    const subject = await subjectIn(TWO_DIALECTS.replace(', openrouter/openai/gpt-5', ''))
    const scenario = { ...PROVIDER_DOWN, traffic: { ...PROVIDER_DOWN.traffic, minutes: 10 } }
    const { availability } = figuresOf(await runOn(await prepare(subject, scenario, 1), asConfigured))
    expect(availability).toBeLessThan(0.6)
  })

  it('is asked in another dialect where that is said', async () => {
    if (PROVIDER_DOWN === undefined) throw new Error('provider-down is gone')
    const traffic = { ...PROVIDER_DOWN.traffic, dialect: 'anthropic' }
    const { chain, leftOut } = await prepare(await subjectIn(TWO_DIALECTS), { ...PROVIDER_DOWN, traffic }, 1)
    expect(chain.map(({ provider }) => provider)).toEqual(['anthropic'])
    expect(leftOut.map(({ provider }) => provider)).toEqual(['openai', 'openrouter'])
  })

  it.each([
    { fallbacks: '[openrouter/openai/gpt-5]', route: 'openai/any-model' },
    { fallbacks: '[openai/gpt-5]', route: 'openrouter/any-model' },
    { fallbacks: '[anthropic/claude-sonnet-4-5]', route: 'openai/any-model' },
  ])('without routes is asked for what its fallbacks $fallbacks stand in for', async ({ fallbacks, route }) => {
    const yaml = `providers: { openai: {}, anthropic: {}, openrouter: {} }\nfallbacks: ${fallbacks}\n`
    expect((await chainIn(await subjectIn(yaml))).route).toBe(route)
  })

  it('names the profiles that have no key here', () => {
    const yaml = `providers:
  openai:
    profiles:
      - { id: openai:unset, apiKey: "\${OPENAI_API_KEY}" }
      - { id: openai:set, apiKey: "\${SET}" }
      - { id: openai:default-value, apiKey: "\${UNSET:-sk-1}" }
      - { id: openai:empty, apiKey: "\${UNSET:-}" }
      - { id: openai:env, apiKey: { env: UNSET } }
      - { id: openai:file, apiKey: { file: no/such/file } }
      - { id: openai:command, apiKey: { command: [no-such-program] } }
      - { id: openai:none }
  groq: {}
  local: { dialect: openai, baseUrl: "http://127.0.0.1:1/v1" }
  gateway: { dialect: openai, baseUrl: "\${URL}", profiles: [{ id: gateway:a }] }
`
    using workspace = new Workspace({ 'hotspare.yaml': yaml })
    const { directory } = workspace
    const loaded = loadConfiguration({ environment: { SET: 'sk-2' }, directory, areKeysNeeded: false })
    expect(loaded.state === 'valid' && loaded.keyless).toEqual([
      'openai:unset',
      'openai:empty',
      'openai:env',
      'openai:file',
      'openai:none',
      'groq:default',
    ])
  })
})
