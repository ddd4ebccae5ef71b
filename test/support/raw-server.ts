import { once } from 'node:events'
import { createServer, type Socket } from 'node:net'

/** One request as it came over the wire. */
export interface RawRequest {
  readonly method: string
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

export interface RawServer {
  /** `http://127.0.0.1:PORT` */
  readonly url: string
  readonly requests: RawRequest[]
  /** Every connection there ever was. */
  readonly sockets: Socket[]
  /** Resolves when the first connection is closed, however. */
  readonly firstClosed: Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}

/** A server for tests that writes exactly the bytes it is told to; it knows just enough HTTP to read requests. */
export async function startRawServer(
  onRequest: (socket: Socket, request: RawRequest, index: number) => void,
): Promise<RawServer> {
  const requests: RawRequest[] = []
  const sockets: Socket[] = []
  const { promise: firstClosed, resolve: onFirstClosed } = Promise.withResolvers<void>()
  const server = createServer((socket) => {
    sockets.push(socket)
    let received = ''
    socket.on('error', () => {})
    if (sockets.length === 1) socket.on('close', () => onFirstClosed())
    socket.setEncoding('latin1').on('data', (text: string) => {
      received += text
      const request = parseRequest(received)
      if (request === undefined) return
      received = ''
      requests.push(request)
      onRequest(socket, request, requests.length - 1)
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('not a TCP server')
  return {
    url: `http://127.0.0.1:${address.port}`,
    requests,
    sockets,
    firstClosed,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}

/** A whole answer with its length. */
export function reply(
  body: string | Buffer,
  { status = 200, headers = {} }: { status?: number; headers?: Record<string, string> } = {},
): Buffer {
  const bytes = Buffer.from(body)
  return Buffer.concat([head({ ...headers, 'content-length': `${bytes.length}` }, status), bytes])
}

/** The head of an answer whose body comes in chunks. */
export function chunkedHead(headers: Record<string, string> = {}): Buffer {
  return head({ ...headers, 'transfer-encoding': 'chunked' })
}

/** One chunk of such a body; an empty one ends it. */
export function chunk(body: string | Uint8Array): Buffer {
  const bytes = Buffer.from(body)
  return Buffer.concat([Buffer.from(`${bytes.length.toString(16)}\r\n`), bytes, Buffer.from('\r\n')])
}

export function head(headers: Record<string, string>, status = 200): Buffer {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`)
  return Buffer.from(`HTTP/1.1 ${status} Status\r\n${lines.join('')}\r\n`)
}

function parseRequest(text: string): RawRequest | undefined {
  const end = text.indexOf('\r\n\r\n')
  if (end === -1) return undefined
  const [first = '', ...lines] = text.slice(0, end).split('\r\n')
  const [method = '', path = ''] = first.split(' ')
  const headers = Object.fromEntries(
    lines.map((line) => [line.slice(0, line.indexOf(':')).toLowerCase(), line.slice(line.indexOf(':') + 1).trim()]),
  )
  const body = text.slice(end + 4)
  if (body.length < Number(headers['content-length'] ?? 0)) return undefined
  return { method, path, headers, body: Buffer.from(body, 'latin1').toString('utf8') }
}
