import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { promisify } from 'node:util'
import { describe, expect, it } from 'vitest'
import { runDemo } from '../src/cli/commands/demo/command.ts'

const MAIN = new URL('../src/cli/main.ts', import.meta.url).pathname
const run = promisify(execFile)

/** Runs the command as a user would, and tells how it ended. */
async function hotspare(
  ...args: readonly string[]
): Promise<{ readonly code: number; readonly stdout: string; readonly stderr: string }> {
  try {
    return { code: 0, ...(await run(process.execPath, [MAIN, ...args])) }
  } catch (error) {
    const { code, stdout, stderr } = error as { code: number; stdout: string; stderr: string }
    return { code, stdout, stderr }
  }
}

/** Does what the line would do; not every machine has curl. */
async function asCurl(command: string): Promise<{ readonly status: number; readonly text: string }> {
  const url = /http:\/\/\S+/.exec(command)?.[0] ?? ''
  const body = /-d '(.+)'$/.exec(command)?.[1]
  const headers = { 'content-type': 'application/json' }
  const answer = await fetch(url, body === undefined ? {} : { method: 'POST', headers, body })
  return { status: answer.status, text: await answer.text() }
}

describe.concurrent('the command', () => {
  it('plays its story to the end, with every request answered rightly', async () => {
    const { code, stdout, stderr } = await hotspare('demo')
    expect(stderr).toBe('')
    expect(code).toBe(0)
    expect(stdout).toMatch(/(\d+) requests, \1 answered, \1 with the right answer/)
    for (const part of [
      /✗ gpt-5 @ openai:primary: rate_limit \(429\), come back in 2\.0 s/,
      /openai:primary gpt-5 is out for 2\.0 s \(rate_limit; the provider said so\)/,
      /openai:primary gpt-5 is back \(success\)/,
      /✗ gpt-5 @ openai:primary: auth \(401\)/,
      /openai:primary is back \(key change\)/,
      /127\.0\.0\.1:\d+ is out for \d\.\d s \(network; then one trial\)/,
      /✓ claude-sonnet-4-5 @ anthropic:primary/,
      /✓ openai\/gpt-5 @ openrouter:primary/,
      /127\.0\.0\.1:\d+ is back \(success\)/,
    ]) {
      expect(stdout).toMatch(part)
    }
    // Traffic has returned: the last requests were answered by the first key.
    expect(stdout.match(/✓ .+/g)?.at(-1)).toContain('gpt-5 @ openai:primary')
    expect(stdout).not.toContain('sk-demo')
    expect(stdout).not.toContain('\u001b')
  })

  it('goes on behind its story where it is told to, and can be asked with the lines it prints', async () => {
    const child = spawn(process.execPath, [MAIN, 'demo', '--keep'])
    let printed = ''
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      printed += text
    })
    const lines = createInterface(child.stdout)
    for await (const line of lines) if (line.includes('/readyz')) break
    const url = /The gateway goes on at (http:\/\/\S+)/.exec(printed)?.[1]
    const commands = printed.match(/^ {2}curl .+$/gm) ?? []
    expect(commands).toHaveLength(5)
    const answers = await Promise.all(commands.map((command) => asCurl(command)))
    expect(answers.every(({ status }) => status === 200)).toBe(true)
    expect(answers.map(({ text }) => text).join('')).toContain('It is 42.')
    expect(commands.every((command) => command.includes(`${url}/`))).toBe(true)
    child.kill('SIGTERM')
    const [code] = (await once(child, 'exit')) as [number]
    expect(code).toBe(0)
  })

  it('has failed if a single answer was wrong or is missing', async () => {
    const output = { write: () => true }
    for (const [tally, isDone] of [
      [{ asked: 30, answered: 30, right: 30 }, true],
      [{ asked: 30, answered: 30, right: 29 }, false],
      [{ asked: 30, answered: 29, right: 29 }, false],
      [{ asked: 0, answered: 0, right: 0 }, false],
    ] as const) {
      expect(await runDemo({ output, wantsColor: false, play: async () => tally })).toBe(isDone)
    }
  })

  it('explains itself, and takes wrong usage for exit code 2', async () => {
    expect(await hotspare('--help')).toMatchObject({ code: 0, stdout: expect.stringContaining('demo') })
    expect(await hotspare('demo', '--help')).toMatchObject({ code: 0, stdout: expect.stringContaining('--no-color') })
    expect(await hotspare('--version')).toMatchObject({ code: 0, stdout: '0.1.0\n' })
    expect(await hotspare('dmeo')).toMatchObject({ code: 2, stderr: expect.stringContaining("unknown command 'dmeo'") })
    expect(await hotspare('demo', '--fast')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("unknown option '--fast'"),
    })
    expect(await hotspare()).toMatchObject({ code: 2 })
  })
})
