import fc from 'fast-check'
import { type Fault, faults } from '../../src/testing/index.ts'

/** More than the answer has, too: such a place is never reached. */
const tokens = fc.integer({ min: 0, max: 8 })
const bytes = fc.oneof(fc.integer({ min: 0, max: 60 }), fc.integer({ min: 0, max: 3_000 }))
const errorKind = fc.constantFrom(
  'invalid_request',
  'invalid_key',
  'insufficient_quota',
  'permission',
  'model_not_found',
  'context_length',
  'content_filter',
  'request_too_large',
  'rate_limited',
  'server_error',
  'unavailable',
  'timeout',
  'overloaded',
)

const HTML = '<!DOCTYPE html><html><head><title>502</title></head><body>cloudflare</body></html>'
const CHAT = {
  object: 'chat.completion',
  model: 'm',
  choices: [{ index: 0, message: { role: 'assistant', content: 'Hi.' }, finish_reason: 'stop' }],
}
const MESSAGE = {
  type: 'message',
  role: 'assistant',
  model: 'm',
  content: [{ type: 'text', text: 'Hi.' }],
  stop_reason: 'end_turn',
  usage: { input_tokens: 1, output_tokens: 2 },
}
const OPENAI_ERROR = { error: { message: 'Rate limit reached', type: 'requests', code: 'rate_limit_exceeded' } }
const ANTHROPIC_ERROR = { type: 'error', error: { type: 'overloaded_error', message: 'Overloaded' } }
const FIRST_CHUNK = 'data: {"choices":[{"index":0,"delta":{"role":"assistant","content":""}}]}\n\n'
const CONTENT_CHUNK = 'data: {"choices":[{"index":0,"delta":{"content":"Hi"}}]}\n\n'
const DELTA = `event: content_block_delta\ndata: ${JSON.stringify({
  type: 'content_block_delta',
  index: 0,
  delta: { type: 'text_delta', text: 'Hi' },
})}\n\n`
const STOP = `event: message_delta\ndata: ${JSON.stringify({
  type: 'message_delta',
  delta: { stop_reason: 'end_turn' },
  usage: { output_tokens: 2 },
})}\n\n`

/** Bodies of every kind: a provider's own words, another's, a relay's, whole answers, streams, and nothing at all. */
const body = fc.oneof(
  fc.constantFrom<unknown>(
    '',
    ' \n',
    'upstream connect error',
    HTML,
    'null',
    '[]',
    '{"error":',
    '{"error":"no capacity"}',
    { error: null },
    { message: 'slow down', code: 1302 },
    { detail: [{ msg: 'field required' }] },
    [{ error: { code: 429, status: 'RESOURCE_EXHAUSTED', message: 'Quota exceeded' } }],
    { error: { message: 'You exceeded your current quota', type: 'insufficient_quota', code: 'insufficient_quota' } },
    { error: { message: 'maximum context length is 8192 tokens', code: 'context_length_exceeded' } },
    { type: 'error', error: { type: 'invalid_request_error', message: 'Your credit balance is too low' } },
    { type: 'error', error: { type: 'authentication_error', message: 'invalid x-api-key' } },
  ),
  fc.constantFrom<unknown>(
    CHAT,
    MESSAGE,
    OPENAI_ERROR,
    ANTHROPIC_ERROR,
    'data: [DONE]\n\n',
    ': ping\n\n',
    'data: {"choices":[]}\n\ndata: [DONE]\n\n',
    'event: ping\ndata: {"type":"ping"}\n\n',
    'event: message_stop\ndata: {"type":"message_stop"}\n\n',
    `${FIRST_CHUNK}${CONTENT_CHUNK}`,
    `${FIRST_CHUNK}${CONTENT_CHUNK}data: [DONE]\n\n`,
    // No blank line ends the last event.
    `${FIRST_CHUNK}${CONTENT_CHUNK}${CONTENT_CHUNK}`.slice(0, -1),
    `${FIRST_CHUNK}${CONTENT_CHUNK}${CONTENT_CHUNK}`.slice(0, -2),
    `${CONTENT_CHUNK}: keep-al`,
    `${DELTA}${DELTA}`.slice(0, -1),
    `${DELTA}event: content_bl`,
    `${DELTA}${STOP}`.slice(0, -2),
    `${DELTA}${STOP}`,
    `${DELTA}${STOP}data: [DONE]\n\n`,
    `${DELTA}event: error\ndata: ${JSON.stringify(ANTHROPIC_ERROR)}\n\n`,
    `${FIRST_CHUNK}data: ${JSON.stringify(OPENAI_ERROR)}\n\n`,
    `${FIRST_CHUNK}${CONTENT_CHUNK}event: error\ndata: ${JSON.stringify(ANTHROPIC_ERROR)}\n\n`,
    `${FIRST_CHUNK}${CONTENT_CHUNK}event: error\ndata: no JSON\n\n`,
    `${FIRST_CHUNK}error: ${JSON.stringify(OPENAI_ERROR.error)}\n\n`,
    `${CONTENT_CHUNK}${HTML}`,
    `${CONTENT_CHUNK}${JSON.stringify(OPENAI_ERROR)}`,
  ),
)

const headers = fc.oneof(
  { weight: 3, arbitrary: fc.constant({}) },
  {
    weight: 2,
    arbitrary: fc.constantFrom<Record<string, string>>(
      { 'retry-after': '47' },
      { 'retry-after-ms': '1050' },
      { 'retry-after': '-1' },
      { 'retry-after': 'soon' },
      { 'x-should-retry': 'false' },
      { 'x-should-retry': 'true' },
      { 'x-ratelimit-remaining-requests': '0', 'x-ratelimit-reset-requests': '20s' },
      { 'content-type': 'text/html' },
      { 'content-type': 'text/event-stream' },
      { 'content-encoding': 'gzip' },
      { 'content-encoding': 'x-unknown' },
    ),
  },
)

const named = fc.oneof(
  fc.constantFrom<Fault>(
    faults.rateLimited({ retryAfterSeconds: 47 }),
    faults.rateLimited({ retryAfterMs: 1_050 }),
    faults.emptyAnswer(),
    faults.resetBeforeHeaders(),
    faults.cutBeforeHeaders(),
    faults.noDone(),
    faults.noFinish(),
    // A whole answer is at its end all the same, and whoever asked next on its connection would wait for ever.
    { omitDone: true, stayOpen: true, headers: { connection: 'close' } },
    { stallAfterTokens: 0, pingEveryMs: 100 },
    { omitUsage: true },
  ),
  errorKind.map((error): Fault => ({ error })),
  errorKind.map((error) => faults.okWithError(error)),
  tokens.chain((count) =>
    fc.oneof(
      fc.constantFrom(
        faults.cutAfter(count),
        faults.resetAfter(count),
        faults.endAfter(count),
        faults.malformedAfter(count),
      ),
      errorKind.map((error) => faults.errorAfter(count, error)),
    ),
  ),
  bytes.chain((count) =>
    fc.constantFrom(
      faults.cutAtByte(count),
      faults.resetAtByte(count),
      faults.endAtByte(count),
      faults.shortBody(count + 1),
    ),
  ),
)

/** These cost time: they end by a limit only. */
const slow = fc.oneof(
  fc.constant(faults.silent()),
  tokens.map((count) => faults.stallAfter(count)),
)

const fault: fc.Arbitrary<Fault> = fc.oneof(
  { weight: 8, arbitrary: named },
  { weight: 3, arbitrary: fc.record({ status: fc.integer({ min: 400, max: 529 }), headers }) },
  { weight: 4, arbitrary: fc.record({ status: fc.integer({ min: 400, max: 529 }), headers, body }) },
  { weight: 4, arbitrary: fc.record({ status: fc.constant(200), headers, body }) },
  { weight: 1, arbitrary: slow },
)

/** What one key meets at one model: some faults, one after the other, the last of them once or for ever. */
const course = fc
  .tuple(fc.array(fault, { maxLength: 3 }), fc.boolean())
  .map(([list, isEndless]) =>
    list.map((one, index) => (isEndless && index === list.length - 1 ? one : faults.once(one))),
  )

export interface Plan {
  /** What the keys meet, in their order: at the first model and at the second. */
  readonly keys: readonly (readonly [first: readonly Fault[], second: readonly Fault[]])[]
  /** When its requests are made, milliseconds from the start on; by then each one before has had its time. */
  readonly afterMs: readonly number[]
  readonly seed: number
}

/** None of them, nor their sums, is close to the length of a window. */
const pause = fc.constantFrom(30_000, 90_000, 7_200_000)

export const plans: fc.Arbitrary<Plan> = fc.record({
  keys: fc.array(fc.tuple(course, course), { minLength: 1, maxLength: 3 }),
  afterMs: fc.array(pause, { maxLength: 3 }).map((pauses) => {
    let at = 0
    return [0, ...pauses.map((ms) => (at += ms))]
  }),
  seed: fc.nat(),
})
