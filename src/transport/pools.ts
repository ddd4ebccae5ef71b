import { Pool } from 'undici'

/**
 * An attempt to connect that nobody waits for any more is given up after this. What a caller waits is the engine's
 * `timeouts.connectMs`; should that be longer, this one comes first.
 */
const MAX_CONNECT_MS = 120_000
/**
 * How long an idle connection is kept where the server names no time. Below the 60 s after which common load
 * balancers close one, so that a request seldom meets a connection that is just being closed.
 */
const KEEP_ALIVE_MS = 30_000
const MAX_HEADER_BYTES = 64 * 1024

export interface PoolsOptions {
  /** The most connections to one origin; further requests wait. Default: no limit. */
  readonly connections?: number | undefined
}

/** Keep-alive connections, one pool per origin, created when it is first needed. */
export class Pools {
  readonly #pools = new Map<string, Pool>()
  readonly #connections: number | undefined
  #running = 0
  #onIdle = (): void => {}
  #isClosed = false

  constructor({ connections }: PoolsOptions = {}) {
    this.#connections = connections
  }

  /** The pool of an origin (scheme, host and port). */
  of(origin: string): Pool {
    const known = this.#pools.get(origin)
    if (known !== undefined) return known
    const pool = new Pool(origin, {
      connections: this.#connections ?? null,
      pipelining: 1,
      // One stream a connection: with HTTP/2 a lost connection would break every answer that is under way at once.
      allowH2: false,
      connectTimeout: MAX_CONNECT_MS,
      keepAliveTimeout: KEEP_ALIVE_MS,
      maxHeaderSize: MAX_HEADER_BYTES,
      // The engine owns these limits.
      headersTimeout: 0,
      bodyTimeout: 0,
    })
    if (this.#isClosed) void pool.close()
    this.#pools.set(origin, pool)
    return pool
  }

  /** Do requests to this origin wait for one of our own connections to become free, rather than for the server? */
  isSaturated(origin: string): boolean {
    const connected = this.#pools.get(origin)?.stats.connected ?? 0
    return this.#connections !== undefined && connected >= this.#connections
  }

  /** An exchange begins. */
  enter(): void {
    this.#running += 1
  }

  /** An exchange that began is over. */
  leave(): void {
    this.#running -= 1
    if (this.#running === 0) this.#onIdle()
  }

  /** Lets what is under way come to its end, takes nothing new, and closes every connection. */
  async close(): Promise<void> {
    this.#isClosed = true
    for (const pool of this.#pools.values()) void pool.close().catch(() => {})
    if (this.#running > 0) {
      await new Promise<void>((resolve) => {
        this.#onIdle = resolve
      })
    }
    // undici would also wait for connections that are still being made for requests which have long been given up.
    await this.destroy()
  }

  /** Closes every connection at once; what is under way fails with code `CANCELED`. */
  async destroy(): Promise<void> {
    this.#isClosed = true
    await Promise.all(Array.from(this.#pools.values(), (pool) => pool.destroy()))
  }
}
