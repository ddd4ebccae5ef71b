import { execFile } from 'node:child_process'
import { describe, expect, it } from 'vitest'
import { runSimulate } from '../../src/cli/commands/simulate/command.ts'
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
routes:
  smart: { primary: openai/gpt-5, fallbacks: [anthropic/claude-sonnet-4-5] }
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
    expect(stdout).toMatch(/\nwhat was wrong\n {2}openai: down \(503\) +│ +█{40} +│\n/)
    expect(stdout).toMatch(/\nwhat was out, and why\n {2}api\.openai\.com gpt-5: overloaded +│ +.█+/)
    expect(stdout).toMatch(/\nwho answered, of all requests\n {2}openai:first gpt-5 +│█+ +/)
    expect(stdout).toMatch(/\nwhat happened\n +5:00 {2}begins: openai: down \(503\)\n/)
    expect(stdout).not.toContain('\u001b[')
    expect(stdout).not.toContain(CANARY)
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
      traffic: { perSecond: 2, minutes: 5, isStreaming: true },
      chain: ['openai/gpt-5@openai:first', 'openai/gpt-5@openai:second', 'anthropic/claude-sonnet-4-5@anthropic:only'],
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
    expect(configuration.stderr).toMatch(/^hotspare\.yaml:9:20 retry\.attempts: 0 is not allowed/)
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
      stderr: '36000000 requests are too many; with --rate and --minutes at most 500000\n',
    })
  })

  it.each([
    { isTTY: true, environment: {}, isColored: true },
    { isTTY: true, environment: { NO_COLOR: '1' }, isColored: false },
    { isTTY: false, environment: {}, isColored: false },
  ])('has colours at a terminal that wants them: %o', async ({ isTTY, environment, isColored }) => {
    using workspace = new Workspace()
    let text = ''
    const output = {
      isTTY,
      write(piece: string) {
        text += piece
      },
    }
    await runSimulate({
      scenario: undefined,
      configPath: undefined,
      perSecond: 0.5,
      minutes: 10,
      seed: 1,
      isJson: false,
      isList: false,
      environment,
      directory: workspace.directory,
      output,
      errors: output,
    })
    expect(text.includes('\u001b[')).toBe(isColored)
    // biome-ignore lint/suspicious/noControlCharactersInRegex: it is the escapes that are taken out
    expect(text.replaceAll(/\u001b\[\d+m/g, '')).toContain('provider-down: The first provider answers 503')
  })
})
