/** What of a request went over the wire that may hold credentials. */
export interface SentRequest {
  readonly url: URL
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>
}

/** Headers and query parameters that carry a credential, or at least say so. */
const SECRET_NAME = /key|token|secret|auth|cookie|passw|credential|signature|^sig$/i
/** The word before a credential: RFC 9110 §11.1, and what gateways have made of it. */
const SCHEME = /^(?:bearer|basic|digest|negotiate|token|(?:api-?)?key)$/i
/** Parts of a credential that are shorter are ordinary words (`path=/`, `region=eu`). */
const SHORTEST_PART = 8

/**
 * Everything in a request that an answer must not be quoted with: the profile's key, the operator's headers that carry
 * a credential, and the query of the base URL, where gateways take keys and signatures. Each secret as it was sent and
 * in the forms in which an answer may repeat it.
 */
export function secretsOf({ url, headers }: SentRequest): readonly string[] {
  const secrets = [
    ...Object.entries(headers).flatMap(([name, value]) => headerSecrets(name, value)),
    ...querySecrets(url),
  ]
  return [...new Set(secrets.flatMap(formsOf))]
}

function headerSecrets(name: string, value: string): string[] {
  const text = value.trim()
  const [, firstWord = '', rest = ''] = /^([\w-]+)\s+(.+)$/.exec(text) ?? []
  const hasScheme = SCHEME.test(firstWord) || (firstWord !== '' && name.endsWith('authorization'))
  if (!hasScheme && !SECRET_NAME.test(name)) return []
  const credential = hasScheme ? rest : text
  return [credential, ...partsOf(credential), ...(/^basic$/i.test(firstWord) ? basicSecrets(rest) : [])]
}

/** The values of a cookie, of a digest, of a list of keys: a relay may repeat one of them alone. */
function partsOf(credential: string): string[] {
  return credential
    .split(/[\s,;]+/)
    .flatMap((part) => [part, part.slice(part.indexOf('=') + 1).replace(/^"|"$/g, '')])
    .filter((part) => part.length >= SHORTEST_PART)
}

/** RFC 7617: a relay may repeat what it has decoded. */
function basicSecrets(encoded: string): string[] {
  try {
    const pair = atob(encoded)
    return [pair, pair.slice(pair.indexOf(':') + 1)]
  } catch {
    return []
  }
}

/** Long values whatever their name: that a tenant or an API version is masked, too, does no harm. */
function querySecrets(url: URL): string[] {
  return url.search
    .slice(1)
    .split('&')
    .flatMap((pair) => {
      const equals = pair.indexOf('=')
      const raw = pair.slice(equals + 1)
      const value = decoded(raw)
      const isSecret = value.length >= SHORTEST_PART || SECRET_NAME.test(pair.slice(0, Math.max(0, equals)))
      return isSecret ? [raw, value, decoded(raw.replaceAll('+', ' '))] : []
    })
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

/** As it is, in JSON and in JSON within JSON, in a URL, in a form. */
function formsOf(secret: string): string[] {
  const inJson = jsonForms(secret)
  const inUrl = encodeURIComponent(secret)
  const inUrlLower = inUrl.replace(/%../g, (code) => code.toLowerCase())
  return [secret, ...inJson, ...inJson.flatMap(jsonForms), inUrl, inUrlLower, inUrl.replaceAll('%20', '+')]
}

/** PHP escapes slashes, too. */
function jsonForms(text: string): string[] {
  const escaped = JSON.stringify(text).slice(1, -1)
  return [escaped, escaped.replaceAll('/', '\\/')]
}
