import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import type { Server } from 'node:http'
import { FailoverError } from '../failure/index.ts'
import { isLoopback } from '../transport/index.ts'
import { refuseForeignPages } from './browser-guard.ts'
import { createControlPlane } from './control-plane/app.ts'
import { ClientKeys } from './data-plane/client-keys.ts'
import { DataPlane } from './data-plane/data-plane.ts'
import { CLOSING } from './data-plane/refusal.ts'
import { createFront } from './front.ts'
import { type GatewayOptions, type GatewaySettings, parseGatewayOptions } from './options.ts'

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
    const { manager, registry, maxBodyBytes, keepAliveMs, onInternalError } = settings
    this.#settings = settings
    const clients = new ClientKeys(settings.clients)
    const prefix = randomBytes(5).toString('hex')
    let last = 0
    const nextRequestId = (): string => {
      last += 1
      return `${prefix}-${last}`
    }
    const isDraining = (): boolean => this.#closed !== undefined
    // Whoever listens elsewhere without client keys has asked for everybody to be let in.
    const isGuarded = settings.clients.length === 0 && isLoopback(settings.host)
    const shared = {
      manager,
      registry,
      clients,
      nextRequestId,
      isDraining,
      checkOrigin: isGuarded ? refuseForeignPages : () => {},
      onInternalError,
    }
    this.#dataPlane = new DataPlane({ ...shared, maxBodyBytes, keepAliveMs })
    const control = createControlPlane(shared)
    this.#server = createFront({
      maxBodyBytes,
      isDraining,
      proxy: (request, response, dialect, search) => void this.#dataPlane.serve(request, response, dialect, search),
      control: (request, response) => void control(request, response),
    })
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
    this.#dataPlane.abortAll(new FailoverError('CANCELED', CLOSING, { reason: 'canceled', isRetryable: true }))
  }
}
