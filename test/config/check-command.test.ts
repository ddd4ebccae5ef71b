import { execFile } from 'node:child_process'
import { describe, expect, it } from 'vitest'
import { rehearse } from '../../src/cli/commands/check/chains.ts'
import { KEY_VARIABLES } from '../../src/config/environment.ts'
import { httpProviders } from '../../src/http/index.ts'
import { formatTarget } from '../../src/index.ts'
import { ROOT_PATH } from '../docs/pages.ts'
import { setupOf, Workspace } from './workspace.ts'

const MAIN = `${ROOT_PATH}src/cli/main.ts`
const CANARY = 'canary-5f3b9c1d7e'

interface Outcome {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

/** Runs `hotspare check` as a user would, in a directory of these files. */
function check(
  files: Readonly<Record<string, string>>,
  args: readonly string[] = [],
  environment: Readonly<Record<string, string>> = {},
): Promise<Outcome> {
  const workspace = new Workspace(files)
  return new Promise((resolve) => {
    const options = { cwd: workspace.directory, env: { NODE_NO_WARNINGS: '1', ...environment } }
    const child = execFile(process.execPath, [MAIN, 'check', ...args], options, (_error, stdout, stderr) => {
      workspace[Symbol.dispose]()
      resolve({ code: child.exitCode, stdout, stderr })
    })
  })
}

const YAML = `server: { clients: [{ name: web, key: ${CANARY}, routes: [smart] }] }
providers:
  openai:
    profiles:
      - { id: openai:late, apiKey: ${CANARY}-1111, priority: 1, limits: { requestsPerMinute: 1 }, quotaGroup: a }
      - { id: openai:first, apiKey: ${CANARY}-2222, quotaGroup: a }
      - { id: openai:spare, apiKey: "\${SPARE_KEY:-}" }
  local: { dialect: anthropic, baseUrl: "http://127.0.0.1:9999/v1", profiles: [{ id: local:default }] }
routes:
  smart: { primary: openai/gpt-5@late, fallbacks: [fast] }
  fast: { primary: openai/gpt-5-mini }
fallbacks: [fast, local/claude]
budget: { maxAttempts: 1 }
`

describe.concurrent('hotspare check', () => {
  it('prints what a sound configuration comes to, and exits with 0', async () => {
    const { code, stdout, stderr } = await check({ 'hotspare.yaml': YAML })
    expect(stderr).toBe('')
    expect(stdout).toBe(`configuration: hotspare.yaml (in the working directory)
server: 127.0.0.1:4000, clients web (smart)

profiles, in the order in which they are tried
  openai:first   ***2222  https://api.openai.com  openai
  openai:spare   no key   https://api.openai.com  openai
  local:default  no key   http://127.0.0.1:9999   anthropic
  openai:late    ***1111  https://api.openai.com  openai     1 request/min

quota groups
  a: openai:first, openai:late

route smart
  1. openai/gpt-5@openai:late        ***1111  https://api.openai.com  openai
  2. openai/gpt-5@openai:first       ***2222  https://api.openai.com  openai
  3. openai/gpt-5-mini@openai:first  ***2222  https://api.openai.com  openai
  4. openai/gpt-5-mini@openai:late   ***1111  https://api.openai.com  openai

route fast
  1. openai/gpt-5-mini@openai:first  ***2222  https://api.openai.com  openai
  2. openai/gpt-5-mini@openai:late   ***1111  https://api.openai.com  openai

models without a route: the model itself, then
  1. openai/gpt-5-mini@openai:first  ***2222  https://api.openai.com  openai
  2. openai/gpt-5-mini@openai:late   ***1111  https://api.openai.com  openai
  3. local/claude@local:default      no key   http://127.0.0.1:9999   anthropic
  A request is served by the targets of its own dialect, in this order.

disabled
  openai:spare: SPARE_KEY is not set

nothing is wrong
`)
    expect(code).toBe(0)
  })

  it('prints what departs from the plain way: strategy, probing, limits, groups and detours', async () => {
    const file = `providers:
  openai:
    profiles:
      - { id: openai:a, apiKey: ${CANARY}-1111, quotaGroup: org, weight: 3 }
      - { id: openai:b, apiKey: ${CANARY}-2222, quotaGroup: org, limits: { tokensPerMinute: 90000 } }
      - { id: openai:c, apiKey: ${CANARY}-3333, priority: 1 }
auth: { order: { openai: [openai:c] } }
routes:
  smart: { primary: inner, contentPolicyFallbacks: [openai/o3] }
  inner: { primary: openai/gpt-4o, contextWindowFallbacks: [openai/gpt-4.1@c] }
strategy: weighted
quotaGroups: { org: { requestsPerMinute: 500, maxConcurrent: 20 } }
health: { probe: { enabled: true, everyMs: 5000 } }
`
    const { code, stdout, stderr } = await check({ 'hotspare.yaml': file })
    expect(stderr).toBe('')
    expect(stdout).toBe(`configuration: hotspare.yaml (in the working directory)
server: 127.0.0.1:4000, no client keys: whoever reaches it may ask
strategy: weighted, among the profiles of one model and one priority
probing: what a breaker keeps out, every 5000 ms

profiles
  openai:a  ***1111  https://api.openai.com  openai  weight 3
  openai:b  ***2222  https://api.openai.com  openai  90000 tokens/min
  openai:c  ***3333  https://api.openai.com  openai  priority 1

quota groups
  org: openai:a, openai:b; together 500 requests/min, 20 at a time

route smart
  openai/gpt-4o@openai:a  ***1111  https://api.openai.com  openai
  openai/gpt-4o@openai:b  ***2222  https://api.openai.com  openai
  openai/gpt-4o@openai:c  ***3333  https://api.openai.com  openai

route smart, where the prompt is too long
  openai/gpt-4.1@openai:c  ***3333  https://api.openai.com  openai
  openai/gpt-4.1@openai:a  ***1111  https://api.openai.com  openai
  openai/gpt-4.1@openai:b  ***2222  https://api.openai.com  openai

route smart, where a filter has refused
  openai/o3@openai:a  ***1111  https://api.openai.com  openai
  openai/o3@openai:b  ***2222  https://api.openai.com  openai
  openai/o3@openai:c  ***3333  https://api.openai.com  openai

route inner
  openai/gpt-4o@openai:a  ***1111  https://api.openai.com  openai
  openai/gpt-4o@openai:b  ***2222  https://api.openai.com  openai
  openai/gpt-4o@openai:c  ***3333  https://api.openai.com  openai

route inner, where the prompt is too long
  openai/gpt-4.1@openai:c  ***3333  https://api.openai.com  openai
  openai/gpt-4.1@openai:a  ***1111  https://api.openai.com  openai
  openai/gpt-4.1@openai:b  ***2222  https://api.openai.com  openai

models without a route: the model itself, then
  nothing: there are no fallbacks

nothing is wrong
`)
    expect(code).toBe(0)
    const { stdout: json } = await check({ 'hotspare.yaml': file }, ['--json'])
    expect(json).not.toContain(CANARY)
    expect(JSON.parse(json)).toMatchObject({
      strategy: 'weighted',
      policy: 'evidence',
      probe: { everyMs: 5000 },
      profiles: [{ weight: 3, quotaGroup: 'org' }, { limits: { tokensPerMinute: 90_000 } }, { priority: 1 }],
      quotaGroups: {
        org: { profiles: ['openai:a', 'openai:b'], limits: { requestsPerMinute: 500, maxConcurrent: 20 } },
      },
      detours: {
        smart: {
          contextWindowFallbacks: [{ target: 'openai/gpt-4.1@openai:c' }, {}, {}],
          contentPolicyFallbacks: [{ target: 'openai/o3@openai:a' }, {}, {}],
        },
      },
    })
  })

  it('leaves out what a published design knows nothing of, and says so', async () => {
    const { stdout } = await check({
      'hotspare.yaml': `providers: { openai: { profiles: [{ id: openai:a, apiKey: ${CANARY}-1111 }] } }
routes: { smart: { primary: openai/gpt-4o, contextWindowFallbacks: [openai/gpt-4.1] } }
policy: rsclaw
health: { probe: { enabled: true } }
`,
    })
    expect(stdout).toContain('policy: rsclaw, without detours, probes and learnt limits\n')
    expect(stdout).not.toMatch(/too long|probing/)
    expect(stdout).toContain('nothing is wrong')
  })

  it('prints every mistake on stderr, and exits with 2', async () => {
    const { code, stdout, stderr } = await check(
      { 'my.yaml': `providers: { openai: {} }\nsever: 1\nretry: { jitter: 2 }` },
      ['--config', 'my.yaml'],
    )
    expect(stdout).toBe('configuration: my.yaml (--config)\n')
    expect(stderr).toMatch(
      /^my\.yaml:2:1 sever: there is no such key; allowed are version, .+\nmy\.yaml:3:18 retry\.jitter: 2 is not allowed; it must be a number from 0 to 1\n$/,
    )
    expect(code).toBe(2)
  })

  it('prints the same as JSON', async () => {
    const sound = await check({ 'hotspare.yaml': YAML }, ['--json'])
    expect(sound).toMatchObject({ code: 0, stderr: '' })
    expect(sound.stdout).not.toContain(CANARY)
    expect(JSON.parse(sound.stdout)).toMatchObject({
      source: 'hotspare.yaml (in the working directory)',
      server: { host: '127.0.0.1', port: 4000, clients: [{ name: 'web', routes: ['smart'] }] },
      routes: {
        fast: [{ target: 'openai/gpt-5-mini@openai:first', apiKey: '***2222', origin: 'https://api.openai.com' }, {}],
      },
      disabled: [{ id: 'openai:spare', reason: 'SPARE_KEY is not set' }],
      mistakes: [],
    })
    const wrong = await check({ 'hotspare.yaml': 'providers: { openai: {} }\nwait: { maxMs: -1 }' }, ['--json'])
    expect(wrong.code).toBe(2)
    const message = '-1 is not allowed; it must be a number of at least 0'
    expect(JSON.parse(wrong.stdout)).toMatchObject({
      mistakes: [{ file: 'hotspare.yaml', line: 2, column: 16, path: 'wait.maxMs', message }],
    })
    expect(wrong.stderr).toBe(`hotspare.yaml:2:16 wait.maxMs: ${message}\n`)
  })

  it('works with the environment alone', async () => {
    const { code, stdout } = await check({}, [], { OPENAI_API_KEY: `${CANARY}-1111` })
    expect(stdout).toContain('configuration: the environment (OPENAI_API_KEY); there is no hotspare.yaml here')
    expect(stdout).toContain('openai:1  ***1111  https://api.openai.com')
    expect(stdout).not.toContain(CANARY)
    expect(code).toBe(0)
    const nothing = await check({})
    expect(nothing).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('hotspare.yaml:1:1 (file): there is no such file here'),
    })
  })

  it('takes wrong usage for exit code 2, and explains itself', async () => {
    expect(await check({}, ['--live'])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("unknown option '--live'"),
    })
    expect(await check({}, ['--help'])).toMatchObject({ code: 0, stdout: expect.stringContaining('--config <path>') })
  })
})

describe('a rehearsal', () => {
  it.each(Object.keys(KEY_VARIABLES))(
    'goes through every target of %s, whatever its failures usually mean',
    async (name) => {
      const profiles = ['a', 'b', 'c'].map((key) => `{ id: "${name}:${key}", apiKey: k }`).join(', ')
      const setup = setupOf(`providers: { ${name}: { profiles: [${profiles}] } }`)
      await using registry = httpProviders(setup.http)
      const targets = await rehearse(setup, registry, [`${name}/one`, `${name}/two`, `${name}/one`])
      expect(targets.map(formatTarget)).toEqual(
        ['one', 'two'].flatMap((model) => ['a', 'b', 'c'].map((key) => `${name}/${model}@${name}:${key}`)),
      )
    },
  )
})
