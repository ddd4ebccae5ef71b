import { hash, randomBytes, timingSafeEqual } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { Refusal } from './refusal.ts'

/** Who may use the gateway. */
export interface Client {
  readonly name: string
  readonly key: string
  /** The routes it may use. Default: all routes and models. */
  readonly routes?: readonly string[]
}

interface Entry {
  readonly client: Client
  readonly digest: Buffer
}

/**
 * Tells clients by their keys. What is compared are salted digests: how long a look takes says nothing of a key, and
 * the keys of other clients make no difference to it.
 */
export class ClientKeys {
  readonly #salt = randomBytes(32).toString('hex')
  readonly #entries = new Map<string, Entry>()
  readonly #nobody: Entry

  constructor(clients: readonly Client[]) {
    for (const client of clients) {
      const digest = this.#digest(client.key)
      this.#entries.set(digest.toString('hex'), { client, digest })
    }
    this.#nobody = { client: { name: '', key: '' }, digest: randomBytes(32) }
  }

  /**
   * The client that asks; undefined where the gateway has none and anybody may.
   *
   * @throws Refusal 401
   */
  authenticate(request: IncomingMessage, query: URLSearchParams | undefined): Client | undefined {
    if (this.#entries.size === 0) return undefined
    const keys = keysIn(request, query)
    for (const key of keys) {
      const digest = this.#digest(key)
      const entry = this.#entries.get(digest.toString('hex')) ?? this.#nobody
      if (timingSafeEqual(entry.digest, digest)) return entry.client
    }
    const what = keys.length === 0 ? 'no client key came with the request' : 'the client key is not known here'
    throw new Refusal(
      401,
      'invalid_api_key',
      `${what}; hotspare takes it as Authorization: Bearer, x-api-key, x-goog-api-key or ?key=`,
      { 'www-authenticate': 'Bearer' },
    )
  }

  #digest(key: string): Buffer {
    return hash('sha256', this.#salt + key, 'buffer')
  }
}

/** Whatever in a request may be a client's key: clients of every dialect are welcome at every door. */
function keysIn({ headers }: IncomingMessage, query: URLSearchParams | undefined): string[] {
  const [, bearer] = /^bearer +(.+)$/i.exec(headers.authorization?.trim() ?? '') ?? []
  const found = [bearer, headers['x-api-key'], headers['x-goog-api-key'], query?.get('key')]
  return found.flatMap((key) => (typeof key === 'string' && key !== '' ? [key] : []))
}

/** The query as a provider gets it: `key` is how a client may show its key. */
export function withoutKey(search: string, query: URLSearchParams | undefined): string {
  if (query === undefined || !query.has('key')) return search
  const kept = search
    .slice(1)
    .split('&')
    .filter((pair) => !new URLSearchParams(pair).has('key'))
  return kept.length === 0 ? '' : `?${kept.join('&')}`
}
