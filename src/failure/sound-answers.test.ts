import { describe, expect, it } from 'vitest'
import { AnswerReader, classifyFailure, type Failure } from './index.ts'

const KIB = 1_024
const MIB = 1_024 * KIB

const words = (length: number): string => 'Ein Wört 🙂 "so" und \\so\n'.repeat(Math.ceil(length / 24)).slice(0, length)
const sse = (...events: readonly object[]): string =>
  events.map((event) => `data: ${JSON.stringify(event)}\n\n`).join('')
const pretty = (body: object): string => JSON.stringify(body, null, 2)

const chat = (content: string | null, finish_reason: string | null = 'stop', rest: object = {}) => ({
  object: 'chat.completion',
  choices: [{ index: 0, message: { role: 'assistant', content }, finish_reason }],
  ...rest,
})
const delta = (content: string, finish_reason: string | null = null, index = 0) => ({
  choices: [{ index, delta: { content }, finish_reason }],
})
const completion = (text: string, finish_reason: string | null = null) => ({
  object: 'text_completion',
  choices: [{ index: 0, text, logprobs: null, finish_reason }],
})
const gemini = (text: string, finishReason?: string) => ({
  candidates: [{ content: { role: 'model', parts: [{ text }] }, finishReason }],
})
const embeddings = (dimensions: number) => ({
  object: 'list',
  data: [{ object: 'embedding', index: 0, embedding: Array.from({ length: dimensions }, (_, at) => at / 7) }],
})

/** Many small events, after which each of two choices ends; the first long before the second. */
const twoChoices = (count: number, length: number): string => {
  const events = (index: number): string => sse(delta(words(length), null, index)).repeat(count)
  return sse(delta('a', null, 0), delta('b', null, 1)) + events(0) + sse(delta('', 'stop', 0)) + events(1) + end(1)
}
const end = (index: number): string => sse(delta('', 'stop', index))

/** Each body is a good answer; both doors must find it so, however it is cut. */
function expectSound(body: string, sizes: readonly number[] = []): void {
  for (const status of [200, undefined]) {
    for (const form of [body, new TextEncoder().encode(body)])
      expect(classifyFailure({ status, body: form }).ruleId).toBe('answer.sound')
  }
  for (const size of [body.length, ...sizes]) expect(read(body, size).failure, `in pieces of ${size}`).toBeUndefined()
}

function read(body: string, size: number): { failure: Failure | undefined; hasContent: boolean } {
  const reader = new AnswerReader()
  const bytes = new TextEncoder().encode(body)
  for (let from = 0; from < bytes.length; from += size) reader.push(bytes.subarray(from, from + size))
  const failure = reader.end()
  return { failure, hasContent: reader.hasContent }
}

/** Both doors, whatever the pieces. */
function expectFlawed(body: string, ruleId: string): void {
  expect(classifyFailure({ status: 200, body }).ruleId).toBe(ruleId)
  for (const size of [1, 7, body.length]) expect(read(body, size).failure?.ruleId, `in pieces of ${size}`).toBe(ruleId)
}

const SMALL_PIECES = [1, 2, 3, 7, 64]
const LARGE_PIECES = [5_000, 65_537]

describe('a long answer is sound', () => {
  const list = Array.from({ length: 2_000 }, (_, at) => gemini(words(200), at === 1_999 ? 'STOP' : undefined))

  it.each<[what: string, body: string]>([
    ['a list of Gemini events, printed prettily', pretty(list)],
    ['a list of Gemini events as Google separates them', `[${list.map((event) => pretty(event)).join('\n,\r\n')}\n]\n`],
    [
      'a list of Gemini events on lines of their own',
      `[${list.map((event) => JSON.stringify(event)).join('\n,\n')}\n]`,
    ],
    ['a chat completion of 200 KiB', JSON.stringify(chat(words(200 * KIB)))],
    ['a chat completion of 200 KiB, printed prettily', pretty(chat(words(200 * KIB)))],
    ['a chat completion of 3 MiB', `${JSON.stringify(chat(words(2.5 * MIB)))}\n`],
    ['a chat completion of more than 4 MiB', JSON.stringify(chat(words(5 * MIB)))],
    ['one large event', sse(delta(words(300 * KIB)), delta('', 'stop'))],
    ['one event of more than 4 MiB', sse(delta(words(5 * MIB)), delta('', 'stop'))],
    ['one event of more than 8 MiB', sse(delta(words(9 * MIB)), delta('', 'stop'))],
    ['a stream of two choices', twoChoices(2_000, 24)],
    ['a stream of two choices of more than 4 MiB, the end of one in its middle', twoChoices(9_000, 240)],
    [
      'lines of Ollama',
      `${`${JSON.stringify({ message: { content: words(90) }, done: false })}\n`.repeat(2_000)}{"message":{"content":""},"done":true}\n`,
    ],
    ['an answer after much white space', `${' \n'.repeat(50_000)}${JSON.stringify(chat('Hi'))}`],
  ])('%s', (_, body) => {
    expect(body.length).toBeGreaterThan(64 * KIB)
    expectSound(body, LARGE_PIECES)
    expect(read(body, 65_537).hasContent).toBe(true)
  })

  it('byte by byte', () => {
    const body = pretty(list.slice(-600))
    expect(body.length).toBeGreaterThan(64 * KIB)
    expect(read(body, 1)).toEqual({ failure: undefined, hasContent: true })
  })

  const huge = 'x'.repeat(17 * MIB)

  it.each<[what: string, body: string]>([
    ['a document', pretty(chat(huge))],
    ['an event', sse(delta(huge), delta('', 'stop'))],
    ['an event that may be the last', sse(delta(huge))],
    ['a line', `${JSON.stringify(delta(''))}\n${JSON.stringify(delta(huge))}\n`],
  ])('also where %s is too large to be looked at: nobody can tell', (_, body) => {
    expect(read(body, 65_537)).toEqual({ failure: undefined, hasContent: true })
  })
})

describe('a long answer is not sound', () => {
  const long = sse(delta('word ')).repeat(5_000)

  it.each<[what: string, body: string, ruleId: string]>([
    ['a stream without an end', long, 'answer.cut_short'],
    [
      'a list of Gemini events that breaks off',
      pretty(Array.from({ length: 900 }, () => gemini(words(100)))).slice(0, -40),
      'answer.cut_short',
    ],
    ['a chat completion that breaks off', JSON.stringify(chat(words(100 * KIB))).slice(0, -40), 'answer.cut_short'],
    ['a page', `<!doctype html><title>Welcome</title>${'<p>word</p>'.repeat(10_000)}`, 'answer.no_answer'],
  ])('%s', (_, body, ruleId) => {
    expect(classifyFailure({ status: 200, body }).ruleId).toBe(ruleId)
    for (const size of [...LARGE_PIECES, body.length]) expect(read(body, size).failure?.ruleId).toBe(ruleId)
  })

  it('where the last of its events is an error', () => {
    const error = { error: { code: 429, message: 'Resource has been exhausted', status: 'RESOURCE_EXHAUSTED' } }
    for (const body of [
      long + sse(error),
      sse(delta(words(240))).repeat(16_000) + sse(error),
      pretty([...Array.from({ length: 2_000 }, () => gemini(words(100))), error]),
    ]) {
      expect(classifyFailure({ status: 200, body }).reason).toBe('rate_limit')
      for (const size of LARGE_PIECES) expect(read(body, size).failure?.reason).toBe('rate_limit')
    }
  })

  it('where a refusal only looks like an answer, and no more of it is looked at than of any refusal', () => {
    const body = JSON.stringify(chat(`${words(100 * KIB)} insufficient_quota`))
    expect(classifyFailure({ status: 503, body }).reason).toBe('server_error')
    const reader = new AnswerReader({ status: 503 })
    reader.push(body)
    expect(reader.end()?.reason).toBe('server_error')
  })

  it('where events that are no JSON are all there is', () => {
    const body = 'data: {"error":\n\n'.repeat(100_000)
    expect(classifyFailure({ status: 200, body }).reason).toBe('bad_response')
  })

  it('where it is one text of more than what is looked at, in place of events', () => {
    expect(read('no events here '.repeat(1_200_000), 65_537)).toMatchObject({
      failure: { reason: 'bad_response' },
      hasContent: false,
    })
  })
})

describe('the older completions', () => {
  it('are sound, whole and streamed', () => {
    expectSound(JSON.stringify(completion('Hi', 'stop')), SMALL_PIECES)
    expectSound(pretty(completion('Hi', 'length')), SMALL_PIECES)
    expectSound(`${sse(completion('H'), completion('i'), completion('', 'stop'))}data: [DONE]\n\n`, SMALL_PIECES)
  })

  it('are empty without a text, as chat completions are', () => {
    expectFlawed(JSON.stringify(completion('')), 'answer.empty')
    expectFlawed(JSON.stringify(completion('', 'stop')), 'answer.empty')
    expectFlawed(sse(completion('', 'stop')), 'answer.empty')
    expectFlawed(sse(completion('Hi')), 'answer.cut_short')
  })
})

describe('Code Assist, which wraps what Gemini answers', () => {
  const wrapped = (text: string, finishReason?: string) => ({ response: gemini(text, finishReason), traceId: 'x' })

  it('is judged as Gemini is', () => {
    expectSound(JSON.stringify(wrapped('Hi', 'STOP')), SMALL_PIECES)
    expectSound(pretty([wrapped('H'), wrapped('i', 'STOP')]), SMALL_PIECES)
    expectSound(sse(wrapped('H'), wrapped('', 'STOP')), SMALL_PIECES)
    expectFlawed(sse(wrapped('H')), 'answer.cut_short')
    expectFlawed(sse(wrapped('', 'STOP')), 'answer.empty')
    expectFlawed(sse(wrapped('H', 'SAFETY')), 'answer.withheld')
    expectFlawed(sse({ response: { promptFeedback: { blockReason: 'SAFETY' } } }), 'answer.withheld')
  })

  it('tells that there is content when it comes', () => {
    const reader = new AnswerReader()
    reader.push(sse(wrapped('')))
    expect(reader.hasContent).toBe(false)
    reader.push(sse(wrapped('H')))
    expect(reader.hasContent).toBe(true)
  })
})

describe('what is no failure', () => {
  it.each(['queued', 'in_progress'])('a response that is %s: it goes on in the background', (status) => {
    const body = { object: 'response', id: 'resp_1', status, background: true, error: null, output: [] }
    expectSound(JSON.stringify(body), SMALL_PIECES)
    expectSound(pretty(body), SMALL_PIECES)
  })

  it('a stream whose response is only under way is none of these', () => {
    const response = { object: 'response', id: 'resp_1', status: 'in_progress', output: [] }
    expectFlawed(
      sse({ type: 'response.created', response }, { type: 'response.in_progress', response }),
      'answer.cut_short',
    )
  })

  it('one of several choices is withheld', () => {
    const choices = [
      { index: 0, message: { content: '' }, finish_reason: 'content_filter' },
      { index: 1, message: { content: 'Hi' }, finish_reason: 'stop' },
    ]
    for (const order of [choices, choices.toReversed()]) expectSound(JSON.stringify({ choices: order }), SMALL_PIECES)
    expectSound(JSON.stringify({ choices: choices.map(({ index, ...choice }) => choice) }), SMALL_PIECES)
    const streamed = [delta('Hi'), delta('a', null, 1), delta('', 'stop'), delta('', 'content_filter', 1)]
    expectSound(sse(...streamed), SMALL_PIECES)
    expectSound(
      JSON.stringify({ candidates: [...gemini('Hi', 'STOP').candidates, { index: 1, finishReason: 'SAFETY' }] }),
    )
  })

  it('but all of them are', () => {
    const choices = [0, 1].map((index) => ({ index, message: { content: 'a' }, finish_reason: 'content_filter' }))
    expectFlawed(JSON.stringify({ choices }), 'answer.withheld')
    expectFlawed(
      sse(delta('a'), delta('', 'content_filter'), delta('b', null, 1), delta('', 'content_filter', 1)),
      'answer.withheld',
    )
  })

  it.each([
    [null],
    [{}],
    [false],
    [''],
    [{ code: 0, message: '' }],
    [{ code: null, message: null }],
    [{ message: '', type: '', param: '', code: null, details: [], metadata: {} }],
  ])('an error field beside the answer that says nothing: %j', (error) => {
    expectSound(JSON.stringify(chat('Hi', 'stop', { error })), SMALL_PIECES)
    expectSound(sse({ ...delta('Hi'), error }, { ...delta('', 'stop'), error }), SMALL_PIECES)
  })

  it('but one that says anything is an error', () => {
    for (const error of ['boom', { code: 1 }, { message: 'boom' }, { metadata: { raw: 'boom' } }]) {
      expect(classifyFailure({ status: 200, body: chat('Hi', 'stop', { error }) }).ruleId).not.toBe('answer.sound')
      expect(read(sse({ ...delta('Hi'), error }), 7).failure).toBeDefined()
    }
  })

  it.each<[what: string, body: object]>([
    ['embeddings', embeddings(3)],
    ['long embeddings', embeddings(50_000)],
    ['embeddings of Gemini', { embedding: { values: [0.1, 0.2] } }],
    ['many embeddings of Gemini', { embeddings: [{ values: [0.1, 0.2] }] }],
    ['embeddings of Ollama', { model: 'x', embeddings: [[0.1, 0.2]] }],
    ['a list of models', { object: 'list', data: [{ id: 'x', object: 'model' }] }],
    ['an empty list', { object: 'list', data: [] }],
    ['a list of models of Gemini or Ollama', { models: [{ name: 'models/x' }] }],
    ['one model', { id: 'x', object: 'model', owned_by: 'y' }],
    ['a count of tokens', { input_tokens: 12 }],
    ['a count of tokens of Gemini', { totalTokens: 12 }],
    ['pictures', { created: 1, data: [{ b64_json: 'aaaa' }] }],
    ['a moderation', { id: 'modr-1', model: 'x', results: [{ flagged: false }] }],
  ])('an answer without text: %s', (_, body) => {
    for (const text of [JSON.stringify(body), `${JSON.stringify(body)}\n`, pretty(body)])
      expectSound(text, [1_000, 65_537])
  })

  it('but an object of any other kind is no answer', () => {
    for (const body of [{}, { ok: true }, { data: [] }, { code: 1_001, message: 'no', data: [{}] }, { object: 'list' }])
      expect(classifyFailure({ status: 200, body }).reason).toBe('bad_response')
  })

  it('what the model says when it refuses', () => {
    const body = {
      choices: [{ message: { role: 'assistant', content: null, refusal: 'I can’t.' }, finish_reason: 'stop' }],
    }
    expectSound(JSON.stringify(body), SMALL_PIECES)
    expectSound(pretty(body), SMALL_PIECES)
    expectSound(sse({ choices: [{ index: 0, delta: { refusal: 'I can’t.' } }] }, delta('', 'stop')), SMALL_PIECES)
  })

  it('a whole answer behind a byte order mark, or without a finish reason', () => {
    expectSound(`\ufeff${JSON.stringify(chat('Hi'))}`, SMALL_PIECES)
    expectSound(` \n\ufeff${sse(delta('Hi', 'stop'))}`, SMALL_PIECES)
    expectSound(JSON.stringify(chat('Hi', null)), SMALL_PIECES)
    expectSound(`${JSON.stringify(chat('Hi', null))}\n`, SMALL_PIECES)
  })

  it('a connection that breaks behind the last byte of a document', () => {
    const reset = Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' })
    for (const [body, ruleId] of [
      [pretty(chat('Hi')), undefined],
      [pretty(chat('Hi')).slice(0, -1), 'transport.reset_in_stream'],
    ]) {
      const reader = new AnswerReader()
      reader.push(body ?? '')
      expect(reader.end(reset)?.ruleId).toBe(ruleId)
    }
  })
})

it('a first line of Ollama’s alone is the beginning of an answer', () => {
  expect(read('{"message":{"content":"H"},"done":false}\n', 7).failure?.ruleId).toBe('answer.cut_short')
})

it.each([150, 180, 195, 400, 700, 760])(
  'a page whose title holds a secret after %i characters does not give half of it away',
  (length) => {
    const secret = 'topsecret-0123456789'
    const body = `<html><head><title>${'x'.repeat(length)} ${secret} ${'y'.repeat(900)}</title></head></html>`
    const { message } = classifyFailure({ status: 502, body, secrets: [secret] })
    expect(message).not.toMatch(/topse/)
  },
)
