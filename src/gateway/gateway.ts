import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { FailoverError } from '../failure/index.ts'
import { createControlPlane } from './control-plane/app.ts'
import { ClientKeys } from './data-plane/client-keys.ts'
import { DataPlane } from './data-plane/data-plane.ts'
import { type GatewayOptions, type GatewaySettings, parseGatewayOptions } from './options.ts'
import { PROXIED_PATHS } from './paths.ts'

/** Clients' own pools keep idle connections for less; whoever closes first must not be the gateway. */
const KEEP_ALIVE_MS = 75_000
/** How long an answer that says the gateway is closing may take to be written, milliseconds. */
const LAST_WORDS_MS = 1_000

/** A gateway that is listening. */
export interface Gateway {
  /** `http://127.0.0.1:4000`; an OpenAI client's base URL is this with `/v1` behind it. */
  readonly url: string
  readonly port: number
  /**
   * Takes no new requests and lets running ones end, up to `drainMs` (default: the option); then clients are told that
   * they are cut off. The manager and its connections stay as they are.
   */
  close(options?: { readonly drainMs?: number }): Promise<void>
  /** Ends running requests at once, also while it closes. */
  cutOff(): Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}

/**
 * Puts a manager behind HTTP.
 *
 * ```ts no-run
 * const registry = httpProviders()
 * const manager = new FailoverManager({ registry, profiles: [{ id: 'openai:main', apiKey: process.env.OPENAI_API_KEY }] })
 * const gateway = await startGateway({ manager })
 * ```
 *
 * @throws FailoverError `INVALID_OPTION`, naming the option, its value and what is allowed; or what the system says
 *   where the address cannot be had
 */
export async function startGateway(options: GatewayOptions): Promise<Gateway> {
  const gateway = new RunningGateway(parseGatewayOptions(options))
  await gateway.listen()
  return gateway
}

class RunningGateway implements Gateway {
  readonly #settings: GatewaySettings
  readonly #dataPlane: DataPlane
  readonly #server: Server
  #closed: Promise<void> | undefined

  constructor(settings: GatewaySettings) {
    const { manager, registry, maxBodyBytes, onInternalError } = settings
    this.#settings = settings
    const clients = new ClientKeys(settings.clients)
    const prefix = randomBytes(5).toString('hex')
    let last = 0
    const nextRequestId = (): string => {
      last += 1
      return `${prefix}-${last}`
    }
    this.#dataPlane = new DataPlane({ manager, registry, clients, maxBodyBytes, nextRequestId, onInternalError })
    const isDraining = (): boolean => this.#closed !== undefined
    const control = createControlPlane({ manager, registry, clients, isDraining, onInternalError })
    const serve = (request: IncomingMessage, response: ServerResponse): void => {
      const { url = '/', method } = request
      const mark = url.indexOf('?')
      const dialect = PROXIED_PATHS.get(mark === -1 ? url : url.slice(0, mark))
      if (isDraining()) response.setHeader('connection', 'close')
      if (dialect === undefined || method !== 'POST') void control(request, response)
      else void this.#dataPlane.serve(request, response, dialect, mark === -1 ? '' : url.slice(mark))
    }
    this.#server = createServer({ keepAliveTimeout: KEEP_ALIVE_MS }, serve)
    // Who asks first whether the body is welcome is spared sending one that is too large.
    this.#server.on('checkContinue', (request, response) => {
      if (Number(request.headers['content-length'] ?? 0) <= maxBodyBytes) response.writeContinue()
      serve(request, response)
    })
    this.#server.on('clientError', answerUnreadable)
  }

  get port(): number {
    const address = this.#server.address()
    return typeof address === 'object' && address !== null ? address.port : this.#settings.port
  }

  get url(): string {
    const { host } = this.#settings
    return `http://${host.includes(':') ? `[${host}]` : host}:${this.port}`
  }

  async listen(): Promise<void> {
    const { host, port } = this.#settings
    this.#server.listen(port, host)
    await once(this.#server, 'listening')
  }

  close({ drainMs = this.#settings.drainMs }: { readonly drainMs?: number } = {}): Promise<void> {
    this.#closed ??= this.#close(drainMs)
    return this.#closed
  }

  cutOff(): Promise<void> {
    this.#abortAll()
    return this.close({ drainMs: 0 })
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  async #close(drainMs: number): Promise<void> {
    const closed = once(this.#server, 'close')
    this.#server.close()
    this.#server.closeIdleConnections()
    await this.#dataPlane.whenIdle(drainMs)
    this.#abortAll()
    await this.#dataPlane.whenIdle(LAST_WORDS_MS)
    this.#server.closeAllConnections()
    await closed
  }

  #abortAll(): void {
    this.#dataPlane.abortAll(
      new FailoverError('CANCELED', 'the gateway is closing; ask again', { reason: 'canceled', isRetryable: true }),
    )
  }
}

/** What is no HTTP, or none that is allowed, before there is a request that could be answered. */
function answerUnreadable(error: NodeJS.ErrnoException, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy()
    return
  }
  const [status, what] =
    error.code === 'HPE_HEADER_OVERFLOW'
      ? ['431 Request Header Fields Too Large', 'the request headers are too large']
      : error.code === 'ERR_HTTP_REQUEST_TIMEOUT'
        ? ['408 Request Timeout', 'the request took too long to arrive']
        : ['400 Bad Request', 'this is not valid HTTP']
  const body = JSON.stringify({
    error: { message: what, type: 'invalid_request_error', param: null, code: 'bad_http' },
  })
  socket.end(
    `HTTP/1.1 ${status}\r\ncontent-type: application/json\r\ncontent-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n${body}`,
  )
}
