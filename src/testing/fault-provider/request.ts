import type { IncomingMessage } from 'node:http'

export type DialectName = 'openai' | 'anthropic'

/** A request as rules, answers and the attempt log see it. */
export interface FaultRequest {
  readonly method: string
  /** Without query. */
  readonly path: string
  /** With its question mark; empty without a query. */
  readonly query: string
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  /** The API key, from whichever header it came in. */
  readonly key: string | undefined
  readonly dialect: DialectName
  readonly model: string | undefined
  readonly stream: boolean
  /** Parsed JSON; the raw text where it is not JSON. */
  readonly body: unknown
  readonly bodyBytes: number
  /** What the address stands for; `unknown` is answered with 404. */
  readonly endpoint: 'chat' | 'messages' | 'models' | 'unknown'
}

export function parseRequest(message: IncomingMessage, body: Buffer): FaultRequest {
  const method = message.method ?? 'GET'
  const { path, query } = splitTarget(message.url ?? '/')
  const endpoint = endpointOf(method, path)
  const parsed = parseBody(body)
  const fields = isRecord(parsed) ? parsed : {}
  return {
    method,
    path,
    query,
    headers: message.headers,
    key: keyOf(message.headers),
    dialect: dialectOf(endpoint, message.headers),
    model: typeof fields.model === 'string' ? fields.model : undefined,
    stream: fields.stream === true,
    body: parsed,
    bodyBytes: body.length,
    endpoint,
  }
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Both base URLs are in use: with and without `/v1`. */
export function withoutVersion(path: string): string {
  return path.startsWith('/v1/') ? path.slice(3) : path
}

export function splitTarget(target: string): { path: string; query: string } {
  const mark = target.indexOf('?')
  return mark < 0 ? { path: target, query: '' } : { path: target.slice(0, mark), query: target.slice(mark) }
}

function endpointOf(method: string, path: string): FaultRequest['endpoint'] {
  switch (`${method} ${withoutVersion(path)}`) {
    case 'POST /chat/completions':
      return 'chat'
    case 'POST /messages':
      return 'messages'
    case 'GET /models':
      return 'models'
    default:
      return 'unknown'
  }
}

function dialectOf(endpoint: FaultRequest['endpoint'], headers: IncomingMessage['headers']): DialectName {
  if (endpoint === 'messages') return 'anthropic'
  if (endpoint === 'chat') return 'openai'
  return headers['anthropic-version'] === undefined ? 'openai' : 'anthropic'
}

function keyOf(headers: IncomingMessage['headers']): string | undefined {
  const bearer = /^bearer\s+(.+)$/i.exec(headers.authorization ?? '')?.[1]
  if (bearer !== undefined) return bearer
  for (const name of ['x-api-key', 'api-key']) {
    const value = headers[name]
    if (typeof value === 'string') return value
  }
  return undefined
}

function parseBody(body: Buffer): unknown {
  const text = body.toString('utf8')
  if (text === '') return undefined
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}
