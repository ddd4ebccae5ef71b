import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { type Dialect, openaiChat } from '../dialects/index.ts'
import { Refusal } from './data-plane/refusal.ts'
import { PROXIED_PATHS } from './paths.ts'

/** Most clients' pools keep idle connections for less; whoever closes first should not be the gateway. */
const KEEP_ALIVE_MS = 75_000
/** Scheme and authority of a request that names the whole address (RFC 9112 §3.2.2). */
const AUTHORITY = /^https?:\/\/[^/?#]*/i

interface FrontOptions {
  readonly maxBodyBytes: number
  /** Connections are to be given up after their next answer. */
  readonly isDraining: () => boolean
  /** A POST to one of the paths that proxy. */
  readonly proxy: (request: IncomingMessage, response: ServerResponse, dialect: Dialect, search: string) => void
  /** Everything else. */
  readonly control: (request: IncomingMessage, response: ServerResponse) => void
}

/** The HTTP server: tells requests apart, and answers what is not even one. */
export function createFront({ maxBodyBytes, isDraining, proxy, control }: FrontOptions): Server {
  const serve = (request: IncomingMessage, response: ServerResponse): void => {
    const { url = '/', method } = request
    const target = url.charCodeAt(0) === SLASH ? url : originForm(url)
    const mark = target.indexOf('?')
    const dialect = PROXIED_PATHS.get(mark === -1 ? target : target.slice(0, mark))
    if (dialect !== undefined && method === 'POST') {
      proxy(request, response, dialect, mark === -1 ? '' : target.slice(mark))
      return
    }
    if (isDraining()) response.setHeader('connection', 'close')
    request.url = target
    // A host that is none is not worth an error of its own.
    const { host } = request.headers
    if (host === undefined || !URL.canParse(`http://${host}`)) request.headers.host = 'localhost'
    control(request, response)
  }
  const server = createServer({ keepAliveTimeout: KEEP_ALIVE_MS, requireHostHeader: false }, serve)
  // Who asks first whether the body is welcome is spared sending one that is too large.
  server.on('checkContinue', (request, response) => {
    if (Number(request.headers['content-length'] ?? 0) <= maxBodyBytes) response.writeContinue()
    serve(request, response)
  })
  // RFC 9110 §10.1.1: what is not understood may be passed over.
  server.on('checkExpectation', serve)
  server.on('clientError', answerUnreadable)
  return server
}

const SLASH = 47
/**
 * A connection as Node.js's server keeps it: the response that is being written, which is the oldest one where a client
 * pipelines. Its own answer to what is no HTTP goes by the same field (lib/_http_server.js, socketOnError); a field of
 * ours on every socket would cost a third of the gateway's time in garbage collection.
 */
type Connection = Socket & { readonly _httpMessage?: ServerResponse | null }

/** The path and query of a request target in another form; `*`, which is for the server as a whole, is no path here. */
function originForm(url: string): string {
  const path = url.replace(AUTHORITY, '')
  return path.startsWith('/') ? path : `/${path}`
}

/** What is no HTTP, or none that is allowed: it is told, unless it would end up in an answer, or behind the last one. */
function answerUnreadable(error: NodeJS.ErrnoException, socket: Connection): void {
  const answer = socket._httpMessage ?? undefined
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy()
    return
  }
  if (answer?.headersSent === true) {
    // What has been written still leaves.
    socket.destroySoon()
    return
  }
  const dialect = PROXIED_PATHS.get(answer?.req.url?.split('?')[0] ?? '') ?? openaiChat
  const { status, phrase, refusal } = refusalOf(error.code)
  const body = JSON.stringify(dialect.errorBody(refusal))
  const head = `HTTP/1.1 ${status} ${phrase}\r\ncontent-type: application/json\r\ncontent-length: ${Buffer.byteLength(body)}`
  socket.end(`${head}\r\nconnection: close\r\n\r\n${body}`)
}

function refusalOf(code: string | undefined): {
  readonly status: number
  readonly phrase: string
  readonly refusal: Refusal
} {
  switch (code) {
    case 'HPE_HEADER_OVERFLOW':
      return unreadable(431, 'Request Header Fields Too Large', 'the request headers are too large')
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return unreadable(408, 'Request Timeout', 'the request took too long to arrive')
    default:
      return unreadable(400, 'Bad Request', 'this is not valid HTTP')
  }
}

function unreadable(status: number, phrase: string, message: string): ReturnType<typeof refusalOf> {
  return { status, phrase, refusal: new Refusal(status, 'bad_http', message) }
}
