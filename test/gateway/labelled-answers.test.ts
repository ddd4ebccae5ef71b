import { describe, expect, it } from 'vitest'
import { httpProviders } from '../../src/http/index.ts'
import { classifyFailure, FailoverManager, type Failure } from '../../src/index.ts'
import type { DialectName } from '../../src/testing/index.ts'
import { DOORS, type DoorName, type Outcome, openDoor } from '../support/doors.ts'
import { type LabelledAnswer, labelledAnswers } from '../support/labelled-answers.ts'
import { reply, startRawServer } from '../support/raw-server.ts'

/** What a server may not be told to send, since it would say something else about the bytes. */
const OF_THE_WIRE = new Set(['content-length', 'content-encoding', 'transfer-encoding', 'connection'])

/** Answers with a status of their own, as they came over the wire. */
const refusals = labelledAnswers.filter(({ status }) => status !== null && status >= 400)
/** Failures under HTTP 200, but for those of which only a client's words are left. */
const underGoodStatus = labelledAnswers.filter(({ status, body_form: form }) => status === 200 && form === undefined)

/**
 * Failures in forms that neither dialect knows: Responses, Gemini and Bedrock, which no provider over HTTP speaks, a bare
 * `detail`, and text amid events. There they are no answers, or streams that broke off; the classifier alone reads more.
 */
const FOREIGN: ReadonlySet<string> = new Set([
  'openai-responses-stream-failed-overloaded-as-server-error',
  'openai-responses-stream-azure-failed-rate-limit',
  'openrouter-responses-failed-server',
  'bedrock-mantle-responses-failed-after-output',
  'bedrock-stream-throttling-frame',
  'bedrock-stream-throttling-converse',
  'gemini-200-safety-promptfeedback',
  'gemini-stream-prohibited-content',
  'fal-200-locked-balance',
  'relay-429-too-many-tokens-in-content',
])
const foreign = underGoodStatus.filter(({ id }) => FOREIGN.has(id))
const reported = underGoodStatus.filter(({ id, in_stream: inStream }) => !inStream && !FOREIGN.has(id))
const streamed = underGoodStatus.filter(({ id, in_stream: inStream }) => inStream && !FOREIGN.has(id))

/** How answers of each dialect begin. */
const BEGINNINGS: Readonly<Record<DialectName, readonly object[]>> = {
  openai: [{ choices: [{ index: 0, delta: { content: 'Well' }, finish_reason: null }] }],
  anthropic: [
    { type: 'message_start', message: { type: 'message', role: 'assistant', content: [] } },
    { type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } },
    { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: 'Well' } },
  ],
}
const DIALECTS = ['openai', 'anthropic'] as const
const WAYS = DIALECTS.flatMap((dialect) => [true, false].map((isStreaming) => ({ dialect, isStreaming })))

interface Asking {
  readonly dialect: DialectName
  readonly isStreaming: boolean
  /** The answer has content before what the sample holds. */
  readonly hasBegun?: boolean
}

describe('labelled answers of providers, over real sockets', () => {
  it('are of every kind', () => {
    expect(refusals.length).toBeGreaterThan(100)
    expect(reported.length).toBeGreaterThan(5)
    expect(streamed.length).toBeGreaterThan(4)
    expect(foreign.map(({ id }) => id).sort()).toEqual([...FOREIGN].sort())
  })

  it.each(WAYS)('mean the same at both doors and to classifyFailure ($dialect, streaming $isStreaming)', (asking) =>
    expectOneVerdict(refusals, asking),
  )

  it.each(DIALECTS)('mean the same where they are errors under HTTP 200 (%s)', (dialect) =>
    expectOneVerdict(reported, { dialect, isStreaming: false }),
  )

  it.each(DIALECTS)('mean the same where they are the first event of a stream (%s)', (dialect) =>
    expectOneVerdict(streamed, { dialect, isStreaming: true }),
  )

  it.each(DIALECTS)('mean the same where they end a stream that had begun (%s)', (dialect) =>
    expectOneVerdict(streamed, { dialect, isStreaming: true, hasBegun: true }),
  )

  it.each(DIALECTS)('are failures at both doors where the dialect does not know their form (%s)', async (dialect) => {
    for (const sample of foreign) {
      const [library, gateway] = await verdictsAtDoors(sample, { dialect, isStreaming: sample.in_stream })
      expect(gateway, sample.id).toEqual(library)
      expect(library, `${sample.id} is known by now: it need not be listed`).not.toEqual(directly(sample, dialect))
    }
  })
})

async function expectOneVerdict(samples: readonly LabelledAnswer[], asking: Asking): Promise<void> {
  for (const sample of samples) {
    const direct = directly(sample, asking.dialect)
    expect(await verdictsAtDoors(sample, asking), sample.id).toEqual([direct, direct])
  }
}

function directly(sample: LabelledAnswer, dialect: DialectName): object {
  const { provider, in_stream: inStream } = sample
  const status = sample.status ?? undefined
  return essence(
    classifyFailure({ provider, dialect, status, headers: headersOf(sample), body: textOf(sample), inStream }),
  )
}

/** What the engine took the sample for, asked by the library's door and by the gateway's. */
async function verdictsAtDoors(sample: LabelledAnswer, asking: Asking): Promise<readonly object[]> {
  const bytes = reply(onTheWire(sample, asking), { status: sample.status ?? 500, headers: headersOf(sample) })
  await using server = await startRawServer((socket) => socket.write(bytes))
  const verdicts: object[] = []
  for (const door of DOORS) {
    const { failure, outcome } = await askThrough(door, sample, server.url, asking)
    expect(outcome, `${sample.id} through the ${door}`).toMatchObject({
      kind: 'failed',
      textBefore: asking.hasBegun === true ? 'Well' : '',
    })
    verdicts.push(essence(failure))
  }
  return verdicts
}

/** What the engine took the first try's answer for, and what the caller got. */
async function askThrough(
  name: DoorName,
  { provider }: LabelledAnswer,
  baseUrl: string,
  asking: Asking,
): Promise<{ readonly failure: Failure | undefined; readonly outcome: Outcome }> {
  await using registry = httpProviders({ providers: { [provider]: { dialect: asking.dialect, baseUrl } } })
  const profiles = [{ id: `${provider}:a`, apiKey: 'sk-for-tests-0000' }]
  const manager = new FailoverManager({ registry, profiles, budget: { maxAttempts: 1 }, wait: { maxMs: 0 } })
  let failure: Failure | undefined
  manager.on('attempt_failed', (event) => {
    failure ??= event.failure
  })
  await using door = await openDoor(name, manager, asking)
  const outcome = await door.ask(`${provider}/some-model`)
  return { failure, outcome }
}

function headersOf({ headers }: LabelledAnswer): Record<string, string> {
  // Names that begin with a colon stand in frames of Bedrock, not in heads of HTTP.
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !OF_THE_WIRE.has(name) && !name.startsWith(':')))
}

function textOf({ body }: LabelledAnswer): string {
  return typeof body === 'string' ? body : body === null ? '' : JSON.stringify(body)
}

/** The sample as the body of an answer to such a request. */
function onTheWire(sample: LabelledAnswer, { dialect, hasBegun }: Asking): string {
  const text = textOf(sample)
  if (!sample.in_stream) return text
  const beginning = hasBegun === true ? BEGINNINGS[dialect].map((event) => eventOf(JSON.stringify(event))) : []
  return [...beginning, text.startsWith('data:') ? text : eventOf(text)].join('')
}

function eventOf(data: string): string {
  return `data: ${data}\n\n`
}

/** The verdict; what is said beside it may have been masked, and a wait until a date depends on the present. */
function essence(failure: Failure | undefined): object {
  const { reason, scope, nextStep, ruleId, isRetryable, mayRetryTarget, confidence, limitWindowMs } =
    failure ?? ({} as Partial<Failure>)
  return {
    reason,
    scope,
    nextStep,
    ruleId,
    isRetryable,
    mayRetryTarget,
    confidence,
    limitWindowMs,
    hasHint: failure?.retryAfterMs !== undefined,
  }
}
