import type { IncomingMessage } from 'node:http'
import type { ResponseHeaders } from '../../transport/index.ts'
import type { SecretMask } from '../../upstream/index.ts'

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
 * @param client its headers as Node.js read them: `rawHeaders` has names and values in turn
 * @param defaults lower case; only where the client sends none of that name
 * @param credentials lower case
 */
export function headersToProvider(
  client: Pick<IncomingMessage, 'headers' | 'rawHeaders'>,
  defaults: Readonly<Record<string, string>>,
  credentials: Readonly<Record<string, string>>,
): string[] {
  const { rawHeaders } = client
  const hopByHop = listed(client.headers.connection)
  const headers: string[] = []
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index] as string
    const lower = name.toLowerCase()
    if (NOT_TO_PROVIDERS.has(lower) || lower.startsWith(OWN_PREFIX) || Object.hasOwn(credentials, lower)) continue
    if (hopByHop?.includes(lower)) continue
    headers.push(name, rawHeaders[index + 1] as string)
  }
  for (const name in defaults) {
    const isReplaced = Object.hasOwn(client.headers, name) || Object.hasOwn(credentials, name)
    if (!isReplaced) headers.push(name, defaults[name] as string)
  }
  for (const name in credentials) headers.push(name, credentials[name] as string)
  headers.push('accept-encoding', 'identity')
  return headers
}

/**
 * The headers a client gets of a provider's answer, as a flat list.
 *
 * @param mask hides what must not go on; without it the headers have been masked already
 */
export function headersToClient(headers: ResponseHeaders, mask?: Pick<SecretMask, 'hides' | 'answerText'>): string[] {
  const passed: string[] = []
  const hopByHop = listed(typeof headers.connection === 'string' ? headers.connection : undefined)
  for (const name in headers) {
    if (NOT_TO_CLIENTS.has(name) || name.startsWith(OWN_PREFIX) || hopByHop?.includes(name)) continue
    const value = headers[name]
    if (typeof value === 'string') passed.push(name, value)
    else if (value !== undefined) for (const item of value) passed.push(name, item)
  }
  return mask?.hides(passed.join('\n')) ? passed.map((text) => mask.answerText(text)) : passed
}

/** Headers that `Connection` names are for this connection alone; usually it names none. */
function listed(connection: string | undefined): string[] | undefined {
  if (connection === undefined || /^(?:keep-alive|close)$/i.test(connection)) return undefined
  return connection
    .toLowerCase()
    .split(',')
    .map((name) => name.trim())
}
