import { gzipSync } from 'node:zlib'
import type { CannedAnswer, RecordedRequest } from './gateway-world.ts'
import type { DialectName } from './raw-client.ts'

const JSON_TYPE = { 'content-type': 'application/json' }
const SSE_TYPE = { 'content-type': 'text/event-stream' }

/** An answer that repeats what it was asked with. */
type Echo = (said: string, dialect: DialectName) => CannedAnswer

const whole = (text: string, dialect: DialectName): string =>
  JSON.stringify(
    dialect === 'openai'
      ? { choices: [{ index: 0, message: { role: 'assistant', content: text }, finish_reason: 'stop' }] }
      : { type: 'message', role: 'assistant', content: [{ type: 'text', text }], stop_reason: 'end_turn' },
  )

const error = (message: string, dialect: DialectName): object =>
  dialect === 'openai'
    ? { error: { message, type: 'server_error', param: null, code: null }, given: [{ deep: message }] }
    : { type: 'error', error: { type: 'api_error', message }, given: [{ deep: message }] }

const event = (value: object, dialect: DialectName, type = 'error'): string =>
  `${dialect === 'openai' ? '' : `event: ${type}\n`}data: ${JSON.stringify(value)}\n\n`

const content = (text: string, dialect: DialectName): string => {
  const value =
    dialect === 'openai'
      ? { choices: [{ index: 0, delta: { content: text }, finish_reason: null }] }
      : { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text } }
  return event(value, dialect, 'content_block_delta')
}

const start = (dialect: DialectName): string =>
  dialect === 'openai'
    ? ''
    : event({ type: 'message_start', message: { id: 'm', role: 'assistant', content: [] } }, dialect, 'message_start') +
      event(
        { type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } },
        dialect,
        'content_block_start',
      )

const finish = (dialect: DialectName): string =>
  dialect === 'openai'
    ? `${event({ choices: [{ index: 0, delta: {}, finish_reason: 'stop' }] }, dialect)}data: [DONE]\n\n`
    : event({ type: 'content_block_stop', index: 0 }, dialect, 'content_block_stop') +
      event({ type: 'message_delta', delta: { stop_reason: 'end_turn' }, usage: {} }, dialect, 'message_delta') +
      event({ type: 'message_stop' }, dialect, 'message_stop')

const streamed = (body: string): CannedAnswer => ({ headers: SSE_TYPE, body })
const status =
  (code: number): Echo =>
  (said, dialect) => ({
    status: code,
    headers: { ...JSON_TYPE, 'x-echo': said, [`x-${code}`]: [said, said] },
    body: JSON.stringify(error(`you sent ${said}`, dialect)),
  })

/** By model name; names that begin with `stream` are asked for a stream. */
export const ECHOES: Readonly<Record<string, Echo>> = {
  400: status(400),
  401: status(401),
  403: (said) => ({ status: 403, headers: { 'content-type': 'text/html' }, body: `<html>you sent ${said}</html>` }),
  404: status(404),
  413: (said) => ({ status: 413, body: said.repeat(5_000) }),
  429: status(429),
  500: status(500),
  529: status(529),
  whole: (said, dialect) => ({ headers: JSON_TYPE, body: whole(said, dialect) }),
  'whole-escaped': (said, dialect) => ({ headers: JSON_TYPE, body: whole(said, dialect).replaceAll('/', '\\/') }),
  'whole-head': (said, dialect) => ({ headers: { ...JSON_TYPE, 'x-echo': said }, body: whole('a', dialect) }),
  'whole-error': (said, dialect) => ({ headers: JSON_TYPE, body: JSON.stringify(error(said, dialect)) }),
  'whole-page': (said) => ({ headers: { 'content-type': 'text/html' }, body: `<html>${said}</html>` }),
  'whole-gzip': (said, dialect) => ({
    headers: { ...JSON_TYPE, 'content-encoding': 'gzip' },
    body: gzipSync(whole(said, dialect)),
  }),
  stream: (said, dialect) => streamed(start(dialect) + content(said, dialect) + finish(dialect)),
  'stream-escaped': (said, dialect) =>
    streamed(start(dialect) + content(said, dialect).replaceAll('/', '\\/') + finish(dialect)),
  'stream-in-pieces': (said, dialect) => {
    const bytes = Buffer.from(start(dialect) + content(said, dialect) + finish(dialect))
    const middle = bytes.indexOf('canary') + 10
    return { headers: SSE_TYPE, body: [bytes.subarray(0, middle), bytes.subarray(middle)] }
  },
  'stream-head': (said, dialect) => ({
    headers: { ...SSE_TYPE, 'x-echo': said },
    body: start(dialect) + content('a', dialect) + finish(dialect),
  }),
  'stream-comment': (said, dialect) =>
    streamed(`: ${said}\n\n${start(dialect)}${content('a', dialect)}: ${said}\nid: ${said}\n\n${finish(dialect)}`),
  'stream-error-first': (said, dialect) => streamed(start(dialect) + event(error(said, dialect), dialect)),
  'stream-error-late': (said, dialect) =>
    streamed(start(dialect) + content('a', dialect) + event(error(said, dialect), dialect)),
  'stream-malformed': (said, dialect) =>
    streamed(`${start(dialect)}${content('a', dialect)}data: {"given":"${said}\n\n${finish(dialect)}`),
  'stream-short': (said, dialect) => streamed(`${start(dialect)}${content('a', dialect)}data: {"given":"${said}`),
  'stream-no-events': (said) => streamed(`you sent ${said}\n`),
}

/** Everything of a request's head, as a careless relay would print it. */
export function echo({ path, rawHeaders, body }: RecordedRequest): CannedAnswer {
  const { model = '' } = JSON.parse(`${body}`) as { model?: string }
  const dialect = path.startsWith('/v1/messages') ? 'anthropic' : 'openai'
  return ECHOES[model]?.(`${path} ${rawHeaders.join(' ')}`, dialect) ?? { status: 500, body: `no echo ${model}` }
}
