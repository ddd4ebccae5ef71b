import type { ResponseHeaders } from '../../transport/index.ts'

/** Belong to one connection (RFC 9110 §7.6.1) or to the body as it stands on the wire: each side has its own. */
const CONNECTION_HEADERS = [
  'connection',
  'content-encoding',
  'content-length',
  'expect',
  'host',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]

/** What a client's request does not take along to a provider. */
const REQUEST_ONLY = [
  // The client's own credentials, and the accounts they are for: the profile's key belongs to another.
  'authorization',
  'x-api-key',
  'api-key',
  'x-goog-api-key',
  'openai-organization',
  'openai-project',
  'cookie',
  // A compressed stream is held back by the compressor, and what is encoded cannot be scanned.
  'accept-encoding',
  // Proxies in front of the gateway tell it of the client's network, which is no provider's business.
  'forwarded',
  'via',
  'x-forwarded-for',
  'x-forwarded-host',
  'x-forwarded-port',
  'x-forwarded-proto',
  'x-real-ip',
]

/** What a provider's answer does not take along to a client. */
const RESPONSE_ONLY = [
  'set-cookie',
  // These speak of the provider's own host, and a client would take them for the gateway's.
  'alt-svc',
  'strict-transport-security',
]

const OWN_PREFIX = 'x-hotspare-'
const NOT_TO_PROVIDERS: ReadonlySet<string> = new Set([...CONNECTION_HEADERS, ...REQUEST_ONLY])
const NOT_TO_CLIENTS: ReadonlySet<string> = new Set([...CONNECTION_HEADERS, ...RESPONSE_ONLY])

/**
 * The headers a provider gets, as a flat list: the client's own, names, order and repetitions as they came, then what
 * the operator and the profile bring, which replaces the client's of the same name.
 *
 * @param raw names and values in turn, as `IncomingMessage.rawHeaders`
 * @param defaults lower case; only where the client sends none of that name
 * @param credentials lower case
 */
export function headersToProvider(
  raw: readonly string[],
  defaults: Readonly<Record<string, string>>,
  credentials: Readonly<Record<string, string>>,
): string[] {
  const hopByHop = namedByConnection(raw)
  const sent = new Set<string>()
  const headers: string[] = []
  for (let index = 0; index < raw.length; index += 2) {
    const name = raw[index] ?? ''
    const lower = name.toLowerCase()
    if (NOT_TO_PROVIDERS.has(lower) || lower.startsWith(OWN_PREFIX) || hopByHop?.includes(lower)) continue
    if (Object.hasOwn(credentials, lower)) continue
    sent.add(lower)
    headers.push(name, raw[index + 1] ?? '')
  }
  for (const [name, value] of Object.entries(defaults)) {
    if (!sent.has(name) && !Object.hasOwn(credentials, name)) headers.push(name, value)
  }
  for (const [name, value] of Object.entries(credentials)) headers.push(name, value)
  headers.push('accept-encoding', 'identity')
  return headers
}

/** The headers a client gets of a provider's answer, as a flat list. */
export function headersToClient(headers: ResponseHeaders): string[] {
  const passed: string[] = []
  const hopByHop = typeof headers.connection === 'string' ? listed(headers.connection) : undefined
  for (const name in headers) {
    if (NOT_TO_CLIENTS.has(name) || name.startsWith(OWN_PREFIX) || hopByHop?.includes(name)) continue
    const value = headers[name]
    if (typeof value === 'string') passed.push(name, value)
    else if (value !== undefined) for (const item of value) passed.push(name, item)
  }
  return passed
}

/** `Connection` may name further headers that are for this connection alone; usually it names none. */
function namedByConnection(raw: readonly string[]): string[] | undefined {
  for (let index = 0; index < raw.length; index += 2) {
    if (raw[index]?.toLowerCase() === 'connection') return listed(raw[index + 1] ?? '')
  }
  return undefined
}

function listed(connection: string): string[] | undefined {
  const value = connection.toLowerCase()
  return value === 'keep-alive' || value === 'close' ? undefined : value.split(',').map((name) => name.trim())
}
