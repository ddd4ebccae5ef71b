import { execFile } from 'node:child_process'
import { describe, expect, it } from 'vitest'
import { runSimulate, type SimulateOptions } from '../../src/cli/commands/simulate/command.ts'
import { shippedScenarios } from '../../src/simulate/index.ts'
import { Workspace } from '../config/workspace.ts'
import { ROOT_PATH } from '../docs/pages.ts'

const MAIN = `${ROOT_PATH}src/cli/main.ts`
const CANARY = 'canary-5f3b9c1d7e'

const YAML = `providers:
  openai:
    profiles:
      - { id: openai:first, apiKey: "\${OPENAI_API_KEY}" }
      - { id: openai:second, apiKey: ${CANARY}-2222 }
  anthropic: { profiles: [{ id: anthropic:only, apiKey: { env: ANTHROPIC_API_KEY } }] }
  openrouter: { profiles: [{ id: openrouter:only, apiKey: ${CANARY}-3333 }] }
routes:
  smart: { primary: openai/gpt-5, fallbacks: [anthropic/claude-sonnet-4-5, openrouter/openai/gpt-5] }
`

const OUTAGE = `version: 1
description: Our Tuesday
traffic: { perSecond: 1, minutes: 10 }
faults:
  - { from: 2m, until: 6m, profile: openai:first, down: 502 }
`

interface Outcome {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

/** Runs `hotspare simulate` as a user would, in a directory of these files. */
function simulate(files: Readonly<Record<string, string>>, ...args: readonly string[]): Promise<Outcome> {
  const workspace = new Workspace(files)
  return new Promise((resolve) => {
    const options = { cwd: workspace.directory, env: { NODE_NO_WARNINGS: '1' } }
    const child = execFile(process.execPath, [MAIN, 'simulate', ...args], options, (_error, stdout, stderr) => {
      workspace[Symbol.dispose]()
      resolve({ code: child.exitCode, stdout, stderr })
    })
  })
}

/** The same without a process of its own. */
async function play(
  files: Readonly<Record<string, string>>,
  { isTTY, columns, ...given }: Partial<SimulateOptions> & { readonly isTTY?: boolean; readonly columns?: number },
): Promise<Outcome> {
  using workspace = new Workspace(files)
  let stdout = ''
  let stderr = ''
  const code = await runSimulate({
    scenario: undefined,
    configPath: undefined,
    perSecond: 0.5,
    minutes: 10,
    route: undefined,
    seed: 1,
    isJson: false,
    isList: false,
    environment: {},
    directory: workspace.directory,
    output: {
      ...(isTTY !== undefined && { isTTY }),
      ...(columns !== undefined && { columns }),
      write(piece: string) {
        stdout += piece
      },
    },
    errors: {
      write(piece: string) {
        stderr += piece
      },
    },
    ...given,
  })
  return { code, stdout, stderr }
}

describe.concurrent('hotspare simulate', () => {
  it('shows what an outage would do, without any key being there', async () => {
    const { code, stdout, stderr } = await simulate({ 'hotspare.yaml': YAML }, 'provider-down', '--minutes', '30')
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(stdout).toMatch(/^provider-down: The first provider answers 503 for 20 minutes\n/)
    expect(stdout).toContain('configuration: hotspare.yaml (in the working directory)\n')
    expect(stdout).toMatch(/traffic: \d+ requests for smart in 30m \(2 a second\), streamed; seed 1\n/)
    expect(stdout).toMatch(/\nthis configuration +100\.00 % +1\.0\d\d /)
    expect(stdout).toMatch(/\nno failover, one try +3\d\.\d\d % +1\.000 /)
    expect(stdout).toMatch(/\nrsclaw's rules .*\nPraisonAI's rules /)
    expect(stdout).toContain(`
targets: openai/gpt-5@openai:first, openai/gpt-5@openai:second,
  openrouter/openai/gpt-5@openrouter:only
take no part, since the requests are in the dialect openai and are served in it
  alone: anthropic/claude-sonnet-4-5@anthropic:only (speaks anthropic)
take part although they have no key here: openai:first, anthropic:only
`)
    // It is not a terminal, and so 80 characters wide.
    expect(stdout.split('\n').filter((line) => [...line].length > 80)).toEqual([])
    expect(stdout).toMatch(/\nwhat was wrong\n {2}openai: down \(503\) +│ +▒?█{32,33}▒? +│\n/)
    expect(stdout).toMatch(/\nwhat was out, and why\n {2}api\.openai.*…5: overloaded +│ +.█+/)
    expect(stdout).toMatch(/\nwho answered, of all requests\n {2}openai:first gpt-5 +│█+[▁-▇]? +/)
    expect(stdout).toMatch(/\nwhat happened\n +5:00 {2}begins: openai: down \(503\)\n/)
    expect(stdout).not.toContain('\u001b[')
    expect(stdout).not.toContain(CANARY)
  })

  it('tells how many answers broke off, and how many of them were gone on with', async () => {
    const told = /answers that broke off after they had begun: (\d+); gone on with to their end: (\d+)\n/
    const { stdout } = await play({ 'hotspare.yaml': YAML }, { scenario: 'cut-streams', perSecond: 2 })
    const [, broken, recovered] = told.exec(stdout) ?? []
    expect(Number(recovered)).toBeGreaterThan(0)
    expect(Number(broken)).toBeGreaterThan(Number(recovered))
    expect((await play({ 'hotspare.yaml': YAML }, {})).stdout).not.toContain('broke off')
  })

  it('prints all of it as JSON, the same for the same seed, and no key', async () => {
    const args = ['key-limited', '--json', '--seed', '7', '--minutes', '5'] as const
    const [first, second] = await Promise.all([
      simulate({ 'hotspare.yaml': YAML }, ...args),
      simulate({ 'hotspare.yaml': YAML }, ...args),
    ])
    expect(second).toEqual(first)
    expect(first.stdout).not.toContain(CANARY)
    expect(JSON.parse(first.stdout)).toMatchObject({
      source: 'hotspare.yaml (in the working directory)',
      scenario: { name: 'key-limited' },
      seed: 7,
      route: 'smart',
      traffic: { perSecond: 2, minutes: 5, isStreaming: true, dialect: 'openai' },
      chain: ['openai/gpt-5@openai:first', 'openai/gpt-5@openai:second', 'openrouter/openai/gpt-5@openrouter:only'],
      leftOut: [{ target: 'anthropic/claude-sonnet-4-5@anthropic:only', dialect: 'anthropic' }],
      keyless: ['openai:first', 'anthropic:only'],
      notes: [],
      columns: { count: 60 },
      faults: [{ label: 'openai:first: 60 requests a minute', targets: ['openai/gpt-5@openai:first'] }],
      runs: [{ name: 'this configuration', figures: { availability: 1 } }, {}, {}, {}],
    })
  })

  it('plays a scenario of your own', async () => {
    const files = { 'hotspare.yaml': YAML, 'tuesday.yaml': OUTAGE }
    const { code, stdout } = await simulate(files, 'tuesday.yaml', '--rate', '30/m')
    expect(code).toBe(0)
    expect(stdout).toMatch(/^tuesday\.yaml: Our Tuesday\n/)
    expect(stdout).toMatch(/requests for smart in 10m \(30 a minute\)/)
    expect(stdout).toContain('begins: openai:first: down (502)')
  })

  it('plays an example where there is no configuration', async () => {
    const { code, stdout } = await simulate({}, '--minutes', '10')
    expect(code).toBe(0)
    expect(stdout).toContain('configuration: none was found; an example with two providers and five keys\n')
  })

  it('lists the scenarios there are, and names them where one is not among them', async () => {
    const names = shippedScenarios().map(({ name }) => name)
    const [listed, wrong] = await Promise.all([simulate({}, '--list'), simulate({}, 'provider-gone')])
    expect(
      listed.stdout
        .trim()
        .split('\n')
        .map((line) => line.split(' ')[0]),
    ).toEqual(names)
    expect(wrong).toEqual({
      code: 2,
      stdout: '',
      stderr: `there is no scenario "provider-gone"; there are ${names.join(', ')}, or name a file\n`,
    })
  })

  it('tells every mistake with its place, and exits with 2', async () => {
    const scenario = await simulate(
      { 'hotspare.yaml': YAML, 'o.yaml': 'faults: [{ provider: opnai, down: yes }]' },
      'o.yaml',
    )
    expect(scenario.code).toBe(2)
    expect(scenario.stderr).toMatch(/^o\.yaml:1:35 faults\[0\]\.down: "yes" is not allowed; it must be true, refused/)
    const configuration = await simulate({ 'hotspare.yaml': `${YAML}retry: { attempts: 0 }\n` })
    expect(configuration).toMatchObject({ code: 2, stdout: '' })
    expect(configuration.stderr).toMatch(/^hotspare\.yaml:10:20 retry\.attempts: 0 is not allowed/)
    expect(await simulate({}, 'no/such.yaml')).toMatchObject({
      code: 2,
      stderr: 'no/such.yaml:1:1 (file): there is no such file\n',
    })
  })

  it.each([
    ['--rate', 'fast'],
    ['--rate', '0'],
    ['--minutes', '-1'],
    ['--seed', '1.5'],
  ])('does not take %s %s', async (option, value) => {
    const { code, stderr } = await simulate({}, option, value)
    expect(code).toBe(2)
    expect(stderr).toContain('is invalid. It must be a')
  })

  it('plays no more than it can', async () => {
    const { code, stderr } = await simulate({}, '--rate', '1000', '--minutes', '600')
    expect({ code, stderr }).toEqual({
      code: 2,
      stderr:
        '36,000,000 requests (1,000 a second for 10h) are too many; at most 500,000 are played, so ask for fewer a second or for a shorter time\n',
    })
    const often = { 'o.yaml': 'faults: [{ every: 1s, for: 0.5s, down: true }]' }
    expect(await play(often, { scenario: 'o.yaml', perSecond: 1e-4, minutes: 1_000_000 })).toEqual({
      code: 2,
      stdout: '',
      stderr:
        'o.yaml:1:19 faults[0].every: it comes 60,000,000 times within 16666h40m, which is too often; at most 10,000 times are played, so let every be longer, or it end sooner\n',
    })
  })

  it('asks for another route where it is told so, and for none that is not there', async () => {
    const files = { 'hotspare.yaml': YAML, 'o.yaml': 'traffic: { route: smrt }' }
    const named = await simulate(files, '--route', 'anthropic/claude-haiku-4-5', '--minutes', '10')
    expect(named.stdout).toContain('\ntargets: anthropic/claude-haiku-4-5@anthropic:only\n')
    expect(await play(files, { route: 'smrt' })).toEqual({
      code: 2,
      stdout: '',
      stderr:
        '--route: "smrt" is neither a route nor a model of a provider that is configured; allowed are smart, openai/MODEL, anthropic/MODEL, openrouter/MODEL\n',
    })
    expect((await play(files, { scenario: 'o.yaml' })).stderr).toMatch(
      /^o\.yaml:1:19 traffic\.route: "smrt" is neither/,
    )
    expect((await play(files, { scenario: 'o.yaml', route: 'smart' })).code).toBe(0)
  })
})

describe('what hotspare simulate prints', () => {
  it('has no figures where there were no requests', async () => {
    const { stdout } = await play({}, { perSecond: 1e-6, minutes: 1 })
    expect(stdout).toMatch(/\nthis configuration +– +– +– +– +– +– +–\n/)
    expect(stdout).toContain('\nnote: there were no requests at all')
    expect(stdout).not.toContain('100.00 %')
  })

  it.each(['', ' '])('says that "%s" is no name of a scenario', async (scenario) => {
    const { code, stderr } = await play({}, { scenario })
    expect(code).toBe(2)
    expect(stderr).toMatch(/^the name of the scenario is empty; there are provider-down, /)
  })

  it('does not take a directory for a scenario', async () => {
    const { code, stderr } = await play({ 'sub/o.yaml': '{}' }, { scenario: './sub' })
    expect(code).toBe(2)
    expect(stderr).toMatch(/^".\/sub" is a directory; there are provider-down, /)
  })

  it('lets nothing of a file act on the terminal', async () => {
    const name = 'Tues\\u001b[2Jday\\nfake line\\u202e'
    const yaml = `{ description: "${name}", traffic: { minutes: 10 }, faults: [{ name: "${name}", down: true }] }`
    const { stdout } = await play({ 'o.yaml': yaml }, { scenario: 'o.yaml' })
    expect(stdout).toMatch(/^o\.yaml: Tues \[2Jday fake line \n/)
    // biome-ignore lint/suspicious/noControlCharactersInRegex: it is these that must not be there
    expect(stdout).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u202e]|^fake/m)
  })

  it.each([60, 80, 100, 200])('fits into a terminal that is %d characters wide', async (columns) => {
    const { stdout } = await play({ 'hotspare.yaml': YAML }, { columns, scenario: 'everything-down', minutes: 20 })
    // The figures have the width they need, and names are not broken.
    const others = stdout.split('\n').filter((line) => !/^.{20} +(?:[\d.]+ %|answered) /.test(line))
    expect(others.filter((line) => [...line].length > columns)).toEqual([])
    const timelines = others.flatMap((line) => /│(.*)│/.exec(line)?.[1]?.length ?? [])
    expect(timelines.length).toBeGreaterThan(3)
    expect(new Set(timelines)).toEqual(new Set([Math.max(...timelines)]))
  })

  it('keeps two spaces between figures, however large', async () => {
    const yaml = 'faults: [{ down: silent }, { from: 5m, down: 429 }]'
    const { stdout } = await play({ 'o.yaml': yaml }, { scenario: 'o.yaml', perSecond: 10, minutes: 10 })
    const [row = ''] = stdout.split('\n').filter((line) => line.startsWith('this configuration'))
    expect(row.split(/ {2,}/)).toHaveLength(8)
    expect(row).toMatch(/ {2}\d+h\d+m/)
  })

  it.each([
    { isTTY: true, environment: {}, isColored: true },
    { isTTY: true, environment: { NO_COLOR: '1' }, isColored: false },
    { isTTY: true, environment: { NO_COLOR: '' }, isColored: true },
    { isTTY: true, environment: { TERM: 'dumb' }, isColored: false },
    { isTTY: false, environment: {}, isColored: false },
  ])('has colours at a terminal that wants them: %o', async ({ isTTY, environment, isColored }) => {
    const { stdout: text } = await play({}, { isTTY, environment })
    expect(text.includes('\u001b[')).toBe(isColored)
    // biome-ignore lint/suspicious/noControlCharactersInRegex: it is the escapes that are taken out
    expect(text.replaceAll(/\u001b\[\d+m/g, '')).toContain('provider-down: The first provider answers 503')
  })
})
