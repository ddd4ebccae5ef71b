/* biome-ignore-all lint/suspicious/noTemplateCurlyInString: what the user writes holds ${NAME} */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { keyOf } from '../../src/config/api-key.ts'
import { loadConfiguration } from '../../src/config/index.ts'
import { FailoverManager } from '../../src/index.ts'
import { VirtualClock } from '../../src/testing/index.ts'
import { setupOf, Workspace } from './workspace.ts'

const START = Date.UTC(2026, 10, 1)
const YAML = 'providers: { openai: { profiles: [{ id: openai:a, apiKey: sk-1 }] } }\n'
const DEFAULT_SERVER = {
  host: '127.0.0.1',
  port: 4000,
  drainMs: 30_000,
  maxBodyBytes: 33_554_432,
  keepAliveMs: 0,
  clients: [],
}

describe('the file', () => {
  it('is the one on the command line, else HOTSPARE_CONFIG, else hotspare.yaml, else hotspare.json', () => {
    using workspace = new Workspace({
      'hotspare.yaml': YAML,
      'hotspare.json': '{ "providers": { "groq": { "profiles": [{ "id": "groq:a", "apiKey": "k" }] } } }',
      'one.yaml': YAML,
      'sub/two.yaml': YAML,
    })
    const { directory } = workspace
    const source = (path?: string, environment = {}) => loadConfiguration({ path, environment, directory }).source
    const named = { HOTSPARE_CONFIG: 'sub/two.yaml' }
    expect(source(join(directory, 'one.yaml'), named)).toBe(`${join(directory, 'one.yaml')} (--config)`)
    expect(source(undefined, named)).toBe('sub/two.yaml (HOTSPARE_CONFIG)')
    expect(source()).toBe('hotspare.yaml (in the working directory)')
    using other = new Workspace({ 'hotspare.json': '{ "providers": { "groq": {} } }' })
    const loaded = loadConfiguration({ environment: { GROQ_API_KEY: 'k' }, directory: other.directory })
    expect(loaded).toMatchObject({ state: 'valid', source: 'hotspare.json (in the working directory)' })
  })

  it('that is named must be there', () => {
    using workspace = new Workspace({ 'hotspare.yaml': YAML })
    expect(loadConfiguration({ path: 'no.yaml', environment: {}, directory: workspace.directory })).toMatchObject({
      state: 'invalid',
      mistakes: [{ file: 'no.yaml', line: 1, column: 1, path: '(file)', message: 'there is no such file' }],
    })
  })

  it('comes to the options somebody would have written by hand', () => {
    const setup = setupOf(
      `version: 1
server: { port: 8080, adminKey: admin, clients: [{ name: web, key: \${WEB_KEY}, routes: [smart] }] }
providers:
  openai:
    profiles:
      - { id: openai:primary, apiKey: \${OPENAI_API_KEY} }
      - id: openai:backup
        apiKey: { env: OPENAI_API_KEY_2 }
        baseUrl: https://eu.api.openai.com/v1
        model: gpt-5
        priority: 1
        weight: 0.5
        limits: { requestsPerMinute: 60, maxConcurrent: \${MAX} }
        quotaGroup: org-a
        metadata: { region: eu }
  local: { dialect: openai, baseUrl: "http://127.0.0.1:11434/v1", headers: { x-team: a }, profiles: [{ id: local:default }] }
auth: { order: { openai: [openai:backup, openai:primary] } }
routes: { smart: { primary: openai/gpt-5, fallbacks: [local/llama3:8b], contextWindowFallbacks: [openai/gpt-4.1], contentPolicyFallbacks: [local/free] }, fast: { primary: smart } }
fallbacks: [smart]
strategy: least_busy
quotaGroups: { org-a: { requestsPerMinute: 600, tokensPerMinute: 90000 } }
learnLimits: false
contextWindows: { llama3:8b: 8192 }
history: { maxRequests: 10 }
rotateOnSuccess: true
policy: rsclaw
retry: { attempts: 2, jitter: 0 }
budget: { maxAttempts: 5 }
wait: { maxMs: 0 }
cooldown: { breaker: { minMs: 10 }, maxHintMs: 1000 }
timeouts: { idleMs: 5000, minCharactersPerSecond: 2.5, throughputMs: 3000 }
stream: { toolCalls: pass, holdMaxMs: 4000, holdBackMs: 50, keepAliveMs: 1500 }
hedge: { enabled: false, afterMs: auto, maxRatio: 0.05 }
recovery: { midStream: restart, maxAttempts: 2 }
health: { probe: { enabled: true, everyMs: 5000 } }
usage: passive
state: { kind: memory }
`,
      { environment: { OPENAI_API_KEY: ' sk-one\n', OPENAI_API_KEY_2: 'sk-two', WEB_KEY: 'web-key', MAX: '4' } },
    )
    expect(setup.failover).toEqual({
      profiles: [
        { id: 'openai:primary', provider: 'openai', apiKey: 'sk-one' },
        {
          id: 'openai:backup',
          provider: 'openai',
          apiKey: 'sk-two',
          baseUrl: 'https://eu.api.openai.com/v1',
          model: 'gpt-5',
          priority: 1,
          weight: 0.5,
          limits: { requestsPerMinute: 60, maxConcurrent: 4 },
          quotaGroup: 'org-a',
          metadata: { region: 'eu' },
        },
        { id: 'local:default', provider: 'local' },
      ],
      order: { openai: ['openai:backup', 'openai:primary'] },
      routes: {
        smart: {
          primary: 'openai/gpt-5',
          fallbacks: ['local/llama3:8b'],
          contextWindowFallbacks: ['openai/gpt-4.1'],
          contentPolicyFallbacks: ['local/free'],
        },
        fast: { primary: 'smart' },
      },
      fallbacks: ['smart'],
      strategy: 'least_busy',
      quotaGroups: { 'org-a': { requestsPerMinute: 600, tokensPerMinute: 90_000 } },
      learnLimits: false,
      contextWindows: { 'llama3:8b': 8_192 },
      history: { maxRequests: 10 },
      rotateOnSuccess: true,
      policy: 'rsclaw',
      retry: { attempts: 2, jitter: 0 },
      budget: { maxAttempts: 5 },
      wait: { maxMs: 0 },
      cooldown: { breaker: { minMs: 10 }, maxHintMs: 1000 },
      timeouts: { idleMs: 5000, minCharactersPerSecond: 2.5, throughputMs: 3000 },
      stream: { toolCalls: 'pass', holdMaxMs: 4000, holdBackMs: 50 },
      recovery: { midStream: 'restart', maxAttempts: 2 },
      health: { probe: { enabled: true, everyMs: 5_000 } },
    })
    expect(setup.http).toEqual({
      wellKnown: false,
      providers: {
        openai: { dialect: 'openai' },
        local: { dialect: 'openai', baseUrl: 'http://127.0.0.1:11434/v1', headers: { 'x-team': 'a' } },
      },
    })
    expect(setup.server).toEqual({
      ...DEFAULT_SERVER,
      port: 8080,
      keepAliveMs: 1500,
      adminKey: 'admin',
      clients: [{ name: 'web', key: 'web-key', routes: ['smart'] }],
    })
    expect(setup.disabled).toEqual([])
  })

  it('says of a provider which models go on from a prefill', () => {
    const prefillOf = (written: string, environment = {}): unknown => {
      const yaml = `providers: { local: { dialect: openai, baseUrl: "http://x.test", prefill: ${written} } }\n`
      return setupOf(yaml, { environment }).http.providers?.local?.prefill
    }
    expect(prefillOf('true')).toBe(true)
    expect(prefillOf('false')).toBe(false)
    expect(prefillOf('${PREFILL}', { PREFILL: 'true' })).toBe(true)
    expect(prefillOf('[llama3:8b, qwen*]')).toEqual(['llama3:8b', 'qwen*'])
    expect(setupOf(YAML).http.providers?.openai).not.toHaveProperty('prefill')
  })

  it('leaves streams and recovery to the engine where it says nothing of them', () => {
    const { failover, server } = setupOf(`${YAML}stream: { keepAliveMs: 5 }\n`)
    expect(failover.stream).toEqual({})
    expect(failover).not.toHaveProperty('recovery')
    expect(server.keepAliveMs).toBe(5)
    expect(setupOf(YAML).failover).not.toHaveProperty('stream')
  })

  it('may use anchors and aliases', () => {
    const { failover } = setupOf(`${YAML}retry: { minDelayMs: &short 5, maxDelayMs: *short }\n`)
    expect(failover.retry).toEqual({ minDelayMs: 5, maxDelayMs: 5 })
  })
})

describe('a variable', () => {
  const host = (written: string, environment = {}): string =>
    setupOf(`${YAML}server: { host: ${written} }\n`, { environment }).server.host

  it.each<[written: string, value: string]>([
    ['${HOST}', 'a.test'],
    ['"${HOST}"', 'a.test'],
    ['x-${HOST}-${HOST}', 'x-a.test-a.test'],
    ['${NONE:-b.test}', 'b.test'],
    ['${EMPTY:-b.test}', 'b.test'],
    ['${HOST:-b.test}', 'a.test'],
    ["'${NONE:-a, [b]: #c}'", 'a, [b]: #c'],
    ['${NONE:-a, [b]: #c}', 'a, [b]: #c'],
    ['$${HOST}', '${HOST}'],
    ['$HOST', '$HOST'],
  ])('%s gives %s, also unquoted within braces', (written, value) => {
    expect(host(written, { HOST: 'a.test', EMPTY: '' })).toBe(value)
  })

  it('is text, never YAML', () => {
    expect(host('${HOST}', { HOST: 'a, port: 1 } # "' })).toBe('a, port: 1 } # "')
    expect(host('${HOST}', { HOST: '${HOME}' })).toBe('${HOME}')
  })
})

describe('a key', () => {
  /** What the key of the first profile is fetched with, while the file's directory is still there. */
  async function fetched(apiKey: string, clock: VirtualClock): Promise<unknown> {
    const yaml = `providers: { openai: { profiles: [{ id: openai:a, apiKey: ${apiKey} }] } }`
    using workspace = new Workspace({ 'sub/hotspare.yaml': yaml, 'sub/keys/a': 'sk-from-file\n' })
    const options = { path: 'sub/hotspare.yaml', environment: {}, directory: workspace.directory, clock }
    const loaded = loadConfiguration(options)
    if (loaded.state === 'invalid') throw new Error('it should be valid')
    const manager = new FailoverManager({ ...loaded.setup.failover, clock })
    return await manager.run('openai/gpt-5', ({ apiKey: key }) => key)
  }

  it('is read from a file beside the configuration', async () => {
    expect(await fetched('{ file: keys/a }', new VirtualClock(START))).toBe('sk-from-file')
  })

  it('is what a command prints, which runs beside the configuration and without a shell', async () => {
    const script = "console.log(require('node:fs').readFileSync('keys/a', 'utf8').trim() + process.argv[1])"
    const command = `{ command: ["${process.execPath}", -e, "${script}", "$HOME"] }`
    expect(await fetched(command, new VirtualClock(START))).toBe('sk-from-file$HOME')
  })

  it('is read again when its time is over', async () => {
    const clock = new VirtualClock(START)
    using workspace = new Workspace({ key: 'one' })
    const surroundings = { environment: {}, directory: workspace.directory, clock }
    const source = keyOf({ file: 'key', ttlMs: 60_000 }, surroundings)
    const profiles = source === undefined ? [] : [{ id: 'openai:a', apiKey: source }]
    const manager = new FailoverManager({ profiles, clock })
    const key = () => manager.run('openai/gpt-5', ({ apiKey }) => apiKey)
    expect(await key()).toBe('one')
    writeFileSync(join(workspace.directory, 'key'), 'two')
    expect(await key()).toBe('one')
    await clock.advance(60_000)
    expect(await key()).toBe('two')
  })

  it('that is not one line is refused', async () => {
    const command = `{ command: ["${process.execPath}", -e, "console.log('a'); console.log('b')"] }`
    await expect(fetched(command, new VirtualClock(START))).rejects.toMatchObject({ code: 'ALL_TARGETS_FAILED' })
  })

  it('that is empty disables its profile', () => {
    const disabled = (apiKey: string) =>
      setupOf(`providers: { openai: { profiles: [{ id: openai:a, apiKey: ${apiKey} }] } }`).disabled
    expect(disabled('${KEY:-}')).toEqual([{ id: 'openai:a', reason: 'KEY is not set' }])
    expect(disabled('""')).toEqual([{ id: 'openai:a', reason: 'its key is empty' }])
  })

  it('is needed by those who answer nobody without one, and by no others', () => {
    const { disabled, failover } = setupOf('providers: { openai: {}, groq: { profiles: [] }, ollama: {} }')
    expect(disabled).toEqual([
      { id: 'openai:default', reason: 'it has no key' },
      { id: 'groq:default', reason: 'it has no key' },
    ])
    expect(failover.profiles?.map(({ id }) => id)).toEqual(['openai:default', 'groq:default', 'ollama:default'])
  })
})
