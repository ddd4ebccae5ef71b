import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { type ExplainInput, explain as explainAnswer } from '../../src/cli/commands/explain/explanation.ts'
import { linesOf } from '../../src/cli/commands/explain/lines.ts'
import { readRawAnswer } from '../../src/cli/commands/explain/raw-answer.ts'
import { formatMistake, loadSettings } from '../../src/config/index.ts'
import { DEFAULTS } from '../../src/engine/index.ts'
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
function explain(
  args: readonly string[],
  input: string | Uint8Array = '',
  files: Readonly<Record<string, string>> = {},
): Promise<Outcome> {
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
    expect(lines[3]).toMatch(
      /^until {9}20 s from when it was sent, 2026-10-21T07:28:20.000Z: the provider said so; that has passed, it is \d{4}-\d\d-\d\dT.*Z now$/,
    )
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

  it('needs no key, variable or file that only the rest of a configuration names', async () => {
    const yaml = `server: { port: "\${NO_PORT}", host: 0.0.0.0, adminKey: "\${NO_ADMIN_KEY}" }
providers:
  openai:
    profiles: [{ id: openai:a, apiKey: "\${NO_KEY}" }, { id: openai:b, apiKey: { env: NO_KEY_2 } }, { id: openai:c, apiKey: { file: none.txt } }]
  acme: { dialect: openai, baseUrl: "\${NO_URL}" }
rules: [{ id: mine, when: { status: [418] }, reason: billing }]
`
    const files = { 'my.yaml': yaml }
    const { code, stdout, stderr } = await explain(['-', '--status', '418', '--config', 'my.yaml'], 'tea', files)
    expect(stderr).toBe('')
    expect(code).toBe(0)
    expect(stdout).toContain('rule          mine (status)\nsource        a rule of your own\n')
  })

  it('goes by the policy of a configuration', async () => {
    const files = { 'rsclaw.yaml': 'policy: rsclaw', 'praisonai.yaml': 'policy: praisonai' }
    const under = (policy: string, text: string): Promise<Outcome> =>
      explain(['-', '--config', `${policy}.yaml`], text, files)
    const limited = (await under('rsclaw', CURL_I)).stdout
    expect(limited).toContain(
      'until         policy rsclaw does not ask the provider; out for 5 s, 6400 ms, 12800 ms, 25600 ms, 30 s, longer each time it fails again (rateLimit)\n',
    )
    expect(limited).toContain('rule          rsclaw.rate_limit (text)\n')
    expect(limited).toContain('source        policy rsclaw: docs/published-designs.md\n')
    const broken = 'HTTP/1.1 500 X\n\n{"error":{"message":"oops"}}'
    expect((await under('rsclaw', broken)).stdout).toContain('until         nothing is kept out\n')
    expect((await under('praisonai', broken)).stdout).toContain('out for 5 s (error)\n')
    const sound = readFileSync(`${ROOT_PATH}test/fixtures/streams/gemini-ok-text-crlf.txt`, 'utf8')
    expect((await under('rsclaw', sound)).stdout).toContain('no failure    a complete answer\n')
  })

  it('reads what PowerShell redirects: UTF-16, or UTF-8 behind a byte order mark', async () => {
    for (const input of [Buffer.from(`\ufeff${CURL_I}`, 'utf16le'), Buffer.from(`\ufeff${CURL_I}`)]) {
      const { stdout } = await explain(['-'], input)
      expect(stdout).toContain('reason        rate_limit (HTTP 429)\n')
      expect(stdout).toContain('rule          openai.rate_limit_exceeded (structured)\n')
    }
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
    [
      ['-', '--dialect', 'gemini'],
      "error: option '--dialect <name>' argument 'gemini' is invalid. It must be openai or anthropic.\n",
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

describe('the configuration an explanation goes by', () => {
  it.each<[what: string, yaml: string, message: string]>([
    [
      'a variable in a rule that is not set',
      `rules: [{ id: mine, when: { providers: ["\${NO_NAME}"] }, reason: billing }]`,
      'my.yaml:1:41 rules[0].when.providers[0]: the environment variable NO_NAME is not set or empty',
    ],
    ['a key that does not exist', 'rule: []', 'my.yaml:1:1 rule: there is no such key; allowed are version, server,'],
    ['syntax', 'rules: [', 'my.yaml:1:9 (file): '],
    ['bounds', 'cooldown: { auth: { minMs: 9, maxMs: 8 } }', 'my.yaml:1:38 cooldown.auth.maxMs: 8 is not allowed'],
    [
      'rules beside a policy that has its own',
      'policy: rsclaw\nrules: [{ id: mine, when: { status: [418] }, reason: billing }]',
      'policy rsclaw has rules of its own; leave them out, or take policy evidence',
    ],
  ])('is refused for a mistake in what it needs: %s', (_what, yaml, message) => {
    using workspace = new Workspace({ 'my.yaml': yaml })
    const loaded = loadSettings({ path: 'my.yaml', environment: {}, directory: workspace.directory })
    if (loaded.state === 'valid') throw new Error('it was taken')
    expect(loaded.mistakes.map(formatMistake)).toEqual([expect.stringContaining(message)])
  })
})

describe('an explanation', () => {
  const NOW = Date.UTC(2026, 10, 25, 10)
  const DAY = 86_400_000
  const LIMITED_ANSWER = { provider: 'openai', dialect: undefined, status: 429, body: LIMITED, nowMs: NOW }
  const untilOf = (input: Partial<ExplainInput>): string | undefined =>
    linesOf(explainAnswer({ ...LIMITED_ANSWER, headers: [], ...input }, DEFAULTS)).find((line) =>
      line.startsWith('until'),
    )

  it('counts a wait from the date of the answer, where it has one', () => {
    const date = new Date(NOW - 5_000).toUTCString()
    expect(untilOf({ headers: ['retry-after', '20'] })).toBe(
      'until         20 s from now, 2026-11-25T10:00:20.000Z: the provider said so',
    )
    expect(untilOf({ headers: ['date', date, 'retry-after', '20'] })).toBe(
      'until         20 s from when it was sent, 2026-11-25T10:00:15.000Z: the provider said so',
    )
    expect(untilOf({ headers: ['date', date, 'retry-after', '5'] })).toBe(
      'until         5 s from when it was sent, 2026-11-25T10:00:00.000Z: the provider said so; that has passed, it is 2026-11-25T10:00:00.000Z now',
    )
    expect(untilOf({ headers: ['date', 'soon', 'retry-after', '20'] })).toContain('20 s from now, 2026-11-25T10:00:20')
  })

  it('counts the reset of a quota from there, too', () => {
    const headers = ['date', new Date(NOW - 60_000).toUTCString(), 'x-ratelimit-remaining-tokens', '0']
    const quotaOf = (reset: string): string | undefined =>
      linesOf(
        explainAnswer({ ...LIMITED_ANSWER, headers: [...headers, 'x-ratelimit-reset-tokens', reset] }, DEFAULTS),
      ).find((line) => line.startsWith('quota'))
    expect(quotaOf('30s')).toBe('quota         tokens: 0 of ? left, full again since 2026-11-25T09:59:30.000Z')
    expect(quotaOf('90s')).toBe('quota         tokens: 0 of ? left, full again at 2026-11-25T10:00:30.000Z')
  })

  it('says of a time that has passed that it has, also where the answer has no date', () => {
    const body = { error: { ...LIMITED.error, message: 'Rate limit reached, resets at 2026-11-24T10:00:00Z.' } }
    expect(untilOf({ body })).toBe(
      'until         2026-11-24T10:00:00.000Z: the provider said so; that has passed, it is 2026-11-25T10:00:00.000Z now',
    )
  })

  it('shows the end of the wait that counts, not of a longer one', () => {
    const said = 'the provider said 31 d, more than cooldown.maxHintMs lets count'
    expect(untilOf({ headers: ['retry-after', '8640000'] })).toBe(
      `until         1 d from now, 2026-11-26T10:00:00.000Z: ${said}`,
    )
    const outage = { ...DEFAULTS, cooldown: { ...DEFAULTS.cooldown, maxHintMs: 365 * DAY } }
    const headers = ['retry-after', 'Sat, 25 Nov 2090 10:00:00 GMT']
    expect(explainAnswer({ ...LIMITED_ANSWER, headers }, outage).outage).toMatchObject({
      lengthsMs: [31 * DAY],
      endsAt: NOW + 31 * DAY,
    })
  })

  it('asks own rules of complete answers, too', () => {
    const rules = [{ id: 'mine', when: { status: [200] }, reason: 'overloaded' }] as const
    const body = { choices: [{ index: 0, message: { content: 'Out of order' }, finish_reason: 'stop' }] }
    const answer = { ...LIMITED_ANSWER, headers: [], status: 200, body }
    const own = explainAnswer(answer, { ...DEFAULTS, rules })
    expect(own.failure.ruleId).toBe('mine')
    expect(explainAnswer(answer, DEFAULTS).failure.ruleId).toBe('answer.sound')
  })

  it('leaves out times no calendar reaches', () => {
    const { failure, ...rest } = explainAnswer({ ...LIMITED_ANSWER, headers: ['retry-after', '20'] }, DEFAULTS)
    const { outage } = rest
    if (outage === undefined) throw new Error('nothing is out')
    for (const never of [8.64e22, -8.64e22, Number.NaN, Number.POSITIVE_INFINITY]) {
      const lines = linesOf({
        ...rest,
        failure: { ...failure, quota: [{ name: 'tokens', remaining: 0, resetAt: never }] },
        outage: { ...outage, endsAt: never },
        now: NOW,
      })
      expect(lines).toContain('quota         tokens: 0 of ? left')
      expect(lines[3]).toMatch(/^until {9}20 s from now: the provider said so/)
    }
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

  it('may be what curl -v prints into a pipe, with the progress meter and what went over the line', () => {
    const meter = `  0     0    0     0    0     0      0      0 --:--:-- --:--:-- --:--:--     0`
    const body = '{\n{ [1 bytes data] not\n  "error": 1\n} [2 bytes]\n> quoted\n* item\n}'
    const text = [
      `  % Total    % Received\n\r${meter}*   Trying 127.0.0.1:80...\n> POST /v1 HTTP/1.1\r\n> \r\n} [5 bytes data]\n`,
      `\r${meter}< HTTP/1.1 302 Found\r\n< location: /x\r\n< \r\n* Ignoring the response-body\n{ [16 bytes data]\n`,
      `* Issue another request\n> POST /x HTTP/1.1\r\n> \r\n< HTTP/1.1 503 X\r\n< retry-after: 7\r\n< \r\n`,
      `{ [123 bytes data]\n\r${meter}\n* Connection #0 to host 127.0.0.1 left intact\n`,
    ].join('')
    const answer = { status: 503, headers: ['retry-after', '7'] }
    expect(readRawAnswer(text + body)).toEqual({ ...answer, body })
    expect(readRawAnswer(`${text}${body}* Connection #1 to host x left intact`)).toEqual({ ...answer, body })
    expect(readRawAnswer(`${text}data: 1\n\n* Closing connection\n`)).toEqual({ ...answer, body: 'data: 1\n\n' })
  })

  it('may be what curl -iv prints, the head twice', () => {
    const text = `> GET / HTTP/2\n>\n< HTTP/2 429 \n< retry-after: 3\n< \nHTTP/2 429 \r\nretry-after: 3\r\n\r\n{"error":1}`
    expect(readRawAnswer(text)).toEqual({ status: 429, headers: ['retry-after', '3'], body: '{"error":1}' })
  })

  it('may be the last of those that curl -v --retry got', () => {
    const text = `> GET / HTTP/2\n>\n< HTTP/2 429 \n< \n{"error":1}* Closing connection\n> GET / HTTP/2\n>\n< HTTP/2 503 \n<\n{"error":2}`
    expect(readRawAnswer(text)).toEqual({ status: 503, headers: [], body: '{"error":2}' })
  })

  it('may stand behind a byte order mark, and so may its body', () => {
    const text = 'HTTP/1.1 529 X\r\na: ü\r\n\r\n\ufeff{"error":"ü€"}'
    const answer = { status: 529, headers: ['a', 'ü'], body: '{"error":"ü€"}' }
    expect(readRawAnswer(`\ufeff${text}`)).toEqual(answer)
    expect(readRawAnswer(Buffer.from(`\ufeff${text}`, 'utf16le'))).toEqual(answer)
    expect(readRawAnswer(Buffer.from(`\ufeff${text}`, 'utf16le').swap16())).toEqual(answer)
    expect(readRawAnswer('\ufeff{"error":"ü"}').body).toBe('{"error":"ü"}')
  })

  it('ends other answers only where they are not the last word', () => {
    const quoted = 'HTTP/1.1 200 OK\r\nx: y\r\n\r\nas you see'
    for (const head of [
      'HTTP/1.1 502 Bad Gateway\r\n\r\n',
      'HTTP/2 200 \r\na: b\r\n\r\n',
      '> GET / HTTP/2\n< HTTP/2 401\n<\n',
    ])
      expect(readRawAnswer(head + quoted).body).toBe(quoted)
    for (const head of [
      'HTTP/1.1 103 Early Hints\r\n\r\n',
      'HTTP/2 302 \r\na: b\r\n\r\n',
      'HTTP/1.0 200 Connection established\r\n\r\n',
    ])
      expect(readRawAnswer(head + quoted)).toEqual({ status: 200, headers: ['x', 'y'], body: 'as you see' })
  })

  it('has chunks as long as they say, in bytes', () => {
    const head = 'HTTP/1.1 500 X\r\nTransfer-Encoding: gzip, chunked\r\n\r\n'
    const body = 'data: "€"\n\nadd\r\n5\r\ndata: ü\n\n'
    const bytes = Buffer.from(body)
    // Every cut, also in the middle of a character and of a line end.
    for (let cut = 1; cut < bytes.length; cut += 1) {
      const chunks = [bytes.subarray(0, cut), bytes.subarray(cut)].flatMap((chunk) => [
        Buffer.from(`${chunk.length.toString(16)};x=y\r\n`),
        chunk,
        Buffer.from('\r\n'),
      ])
      const whole = Buffer.concat([Buffer.from(head), ...chunks, Buffer.from('0\r\nexpires: never\r\n\r\n')])
      expect(readRawAnswer(whole).body).toBe(body)
    }
    expect(readRawAnswer(`${head}5\r\nabcde\r\nff\r\ncut of`).body).toBe('abcdecut of')
    // Line ends that were written as text, and a body without pieces that begins like one with them.
    expect(readRawAnswer(`${head}9\r\ndata: 1\r\n\r\n\r\n0\r\n\r\n`).body).toBe('data: 1\n\n')
    expect(readRawAnswer(`${head}add\nbeef\n`).body).toBe('add\nbeef\n')
    expect(readRawAnswer(`${head}2\nlines of text`).body).toBe('2\nlines of text')
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
