import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { readRawAnswer } from '../../src/cli/commands/explain/raw-answer.ts'
import { Workspace } from '../config/workspace.ts'
import { ROOT_PATH } from '../docs/pages.ts'

const MAIN = `${ROOT_PATH}src/cli/main.ts`
const CANARY = 'sk-canary-5f3b9c1d7e-0123456789'

interface Outcome {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

/** Runs `hotspare explain` as a user would: in a directory of these files, with this input. */
function explain(args: readonly string[], input = '', files: Readonly<Record<string, string>> = {}): Promise<Outcome> {
  const workspace = new Workspace(files)
  return new Promise((resolve) => {
    const options = { cwd: workspace.directory, env: { NODE_NO_WARNINGS: '1' } }
    const child = execFile(process.execPath, [MAIN, 'explain', ...args], options, (_error, stdout, stderr) => {
      workspace[Symbol.dispose]()
      resolve({ code: child.exitCode, stdout, stderr })
    })
    child.stdin?.end(input)
  })
}

const LIMITED = {
  error: {
    message:
      'Rate limit reached for gpt-4o on tokens per min (TPM): Limit 30000, Used 29937, Requested 385. Please try again in 644ms.',
    type: 'tokens',
    param: null,
    code: 'rate_limit_exceeded',
  },
}
const CURL_I = `HTTP/2 429 \r\ndate: Wed, 21 Oct 2026 07:28:00 GMT\r\nRetry-After: 20\r\nx-ratelimit-limit-tokens: 30000\r\nx-ratelimit-remaining-tokens: 0\r\n\r\n${JSON.stringify(LIMITED)}`

describe.concurrent('hotspare explain', () => {
  it('says of a raw answer what it means, what is done, until when, and by which rule', async () => {
    const { code, stdout, stderr } = await explain(['-', '--provider', 'openai'], CURL_I)
    expect(stderr).toBe('')
    expect(code).toBe(0)
    const lines = stdout.split('\n')
    expect(lines[0]).toBe('reason        rate_limit (HTTP 429)')
    expect(lines[1]).toBe(
      'scope         target: this key on this model; where it has a quota group, the group on this model',
    )
    expect(lines[2]).toBe('next          next_profile: the next key of this model, then the next model')
    expect(lines[3]).toMatch(/^until {9}20 s from now, \d{4}-\d\d-\d\dT.*Z: the provider said so$/)
    expect(lines[4]).toBe('quota         tokens: 0 of 30000 left')
    expect(lines[5]).toBe('rule          openai.rate_limit_exceeded (structured)')
    expect(lines[6]).toBe('source        https://platform.openai.com/docs/guides/rate-limits')
    expect(lines[7]).toMatch(/^said {10}Rate limit reached for gpt-4o/)
  })

  it('says the same as JSON', async () => {
    const { code, stdout } = await explain(['answer.txt', '--json'], '', { 'answer.txt': CURL_I })
    expect(code).toBe(0)
    expect(JSON.parse(stdout)).toMatchObject({
      failure: { reason: 'rate_limit', scope: 'target', nextStep: 'next_profile', retryAfterMs: 20_000, status: 429 },
      source: expect.stringMatching(/^https:/),
      outage: { kind: 'rateLimit', end: 'stated', lengthsMs: [20_000], needsMore: false },
    })
  })

  it('takes a JSON body with the status and provider it is told', async () => {
    const { stdout } = await explain(
      ['-', '--status', '402', '--provider', 'deepseek', '--json'],
      '{"error":{"message":"Insufficient Balance"}}',
    )
    expect(JSON.parse(stdout)).toMatchObject({
      failure: { reason: 'billing', status: 402 },
      outage: { end: 'inferred', lengthsMs: [3_600_000, 7_200_000, 14_400_000, 28_800_000, 57_600_000, 86_400_000] },
    })
  })

  it('takes a line of a log', async () => {
    const line = `litellm.InternalServerError: AnthropicException - b'{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}'`
    const { stdout } = await explain(['-'], line)
    expect(stdout).toContain('reason        overloaded\n')
    expect(stdout).toContain('rule          anthropic.overloaded_error (structured)\n')
    expect(stdout).toContain('one failure opens nothing; if more follow, out for 1 s, 8 s, 15 s')
  })

  it('takes a stream, and says of a complete one that nothing is wrong', async () => {
    const stream = (name: string): string => readFileSync(`${ROOT_PATH}test/fixtures/streams/${name}.txt`, 'utf8')
    expect((await explain(['-'], stream('openai-responses-fail-insufficient-quota'))).stdout).toContain(
      'reason        billing\n',
    )
    expect((await explain(['-'], stream('gemini-ok-text-crlf'))).stdout).toBe(
      'no failure    a complete answer\nrule          answer.sound\n',
    )
  })

  it('goes by the rules and cooldowns of a configuration', async () => {
    const yaml = `providers: { local: { dialect: openai, baseUrl: "http://127.0.0.1:1/v1", profiles: [{ id: local:a }] } }
rules: [{ id: mine, when: { status: [418] }, reason: billing, source: the owner said so }]
cooldown: { billing: { minMs: 60000, maxMs: 60000 } }
`
    const { stdout } = await explain(['-', '--status', '418', '--config', 'my.yaml'], 'tea', { 'my.yaml': yaml })
    expect(stdout).toContain('rule          mine (status)\nsource        the owner said so\n')
    expect(stdout).toContain('out for 1 min, longer each time')
  })

  it('shows no key', async () => {
    const { stdout } = await explain(
      ['-', '--status', '401'],
      JSON.stringify({ error: { message: `Incorrect API key provided: ${CANARY}.` } }),
    )
    expect(stdout).toContain('said          Incorrect API key provided: ***')
    expect(stdout).not.toContain('canary')
  })

  it.each<[args: readonly string[], message: string]>([
    [['nothing-here.txt'], 'nothing-here.txt: it cannot be read (ENOENT); name a file, or - for the input\n'],
    [['.'], '.: it cannot be read (EISDIR); name a file, or - for the input\n'],
    [
      ['-', '--status', '9'],
      "error: option '--status <number>' argument '9' is invalid. It must be a whole number from 100 to 599.\n",
    ],
    [[], "error: missing required argument 'file'\n"],
    [['-', '--config', 'none.yaml'], 'none.yaml'],
  ])('refuses %j with exit code 2', async (args, message) => {
    const { code, stdout, stderr } = await explain(args)
    expect(code).toBe(2)
    expect(stdout).toBe('')
    expect(stderr).toContain(message)
  })

  it('has a --help', async () => {
    const { code, stdout } = await explain(['--help'])
    expect(code).toBe(0)
    expect(stdout).toContain('--provider <name>')
  })
})

describe('a raw answer', () => {
  it('is the last of several: behind a redirect, an interim answer, a proxy', () => {
    const text = `HTTP/1.1 200 Connection established\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n${CURL_I}`
    expect(readRawAnswer(text)).toMatchObject({ status: 429, body: JSON.stringify(LIMITED) })
  })

  it('may be what curl -v prints', () => {
    const text =
      '* Connected to host\n> POST /v1 HTTP/1.1\n> host: x\n>\n< HTTP/1.1 503 Service Unavailable\n< retry-after: 7\n<\n{"error":"busy"}\n* Closing connection'
    expect(readRawAnswer(text)).toEqual({ status: 503, headers: ['retry-after', '7'], body: '{"error":"busy"}' })
  })

  it('may have a body in chunks, or none', () => {
    const head = 'HTTP/1.1 500 X\r\ntransfer-encoding: chunked\r\n\r\n'
    expect(readRawAnswer(`${head}8\r\n{"error"\r\n7\r\n:"bad"}\r\n0\r\n\r\n`).body).toBe('{"error":"bad"}')
    expect(readRawAnswer(`${head}{"error":"bad"}`).body).toBe('{"error":"bad"}')
    expect(readRawAnswer('HTTP/1.1 529 \r\n\r\n')).toEqual({ status: 529, headers: [], body: '' })
  })

  it('is only a body where no status line stands first', () => {
    for (const text of ['', '{"error":1}', 'date: today\n\nx', 'event: error\ndata: {}\n\n'])
      expect(readRawAnswer(text)).toEqual({ status: undefined, headers: [], body: text })
  })
})
