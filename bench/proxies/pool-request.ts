import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { Pool } from 'undici'
import { serve } from '../gateway/serve.ts'

/**
 * The least that forwards a request with node:http and undici's usual interface: the body is read, the request sent on,
 * the answer piped back. It knows no keys, no health, no retries; what a gateway costs is told beside it.
 */
const provider = new Pool(process.argv[2] ?? 'http://127.0.0.1:1')

serve(
  createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      forward(request, chunks, response).catch((error: unknown) => fail(response, error))
    })
  }),
)

async function forward(request: IncomingMessage, chunks: Buffer[], response: ServerResponse): Promise<void> {
  // What belongs to one connection is not passed on (RFC 9110, 7.6.1); the rest undici says itself.
  const { host: _, connection: __, 'transfer-encoding': ___, ...requestHeaders } = request.headers
  const [first] = chunks
  const { statusCode, headers, body } = await provider.request({
    method: 'POST',
    path: request.url ?? '/',
    headers: requestHeaders,
    body: first !== undefined && chunks.length === 1 ? first : Buffer.concat(chunks),
  })
  const { connection: ____, 'transfer-encoding': _____, ...responseHeaders } = headers
  response.writeHead(statusCode, responseHeaders)
  body.on('error', (error) => fail(response, error))
  response.on('close', () => body.destroy())
  body.pipe(response)
}

/** On stderr too, where the suite looks when an answer is not whole. */
function fail(response: ServerResponse, error: unknown): void {
  process.stderr.write(`${String(error)}\n`)
  if (response.headersSent) response.destroy()
  else response.writeHead(502).end()
}
