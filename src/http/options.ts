import { DIALECT_NAMES, type DialectName } from '../dialects/index.ts'
import {
  type Clock,
  checkBoolean,
  checkFunction,
  checkNumber,
  checkOneOf,
  checkRecord,
  checkText,
  isRecord,
} from '../engine/index.ts'
import { invalidOption } from '../failure/index.ts'
import { isHeaderValue, type PrefillModels, parseBaseUrl } from '../upstream/index.ts'

/** A provider of your own, or a well-known one changed. */
export interface HttpProviderDefinition {
  /** The wire format it speaks. */
  readonly dialect: DialectName
  /**
   * Where it is, with or without trailing slash, version or endpoint; a profile's own `baseUrl` goes before it.
   * Default: the well-known provider's of that name; with neither, every profile must name its own.
   */
  readonly baseUrl?: string
  /**
   * Further request headers, such as `anthropic-version` or `api-key`. The profile's key is set after them. Values of
   * headers whose names speak of a credential (key, token, secret, auth, cookie, …) are masked in every error.
   */
  readonly headers?: Readonly<Record<string, string>>
  /**
   * Which of its models go on from a prefill, an assistant message at the end of the messages, so that a stream that broke
   * off elsewhere is continued here: every one (`true`), none (`false`), or these bare model ids, of which one may end in
   * `*`. A model that begins a new answer instead must not be among them: nobody could tell it from a continuation. What
   * the table of the package says is not asked then. Default: the table, which knows some hosted providers.
   */
  readonly prefill?: PrefillModels
}

export interface HttpProvidersOptions {
  /** Providers by name; a well-known name replaces that provider. */
  readonly providers?: Readonly<Record<string, HttpProviderDefinition>>
  /** Register every well-known provider, too? `false`: only those of `providers`. Default true. */
  readonly wellKnown?: boolean
  /** Default: the system's. */
  readonly clock?: Clock
  /** The most connections to one origin, at least 1; further requests wait. Default: no limit. */
  readonly connections?: number
  /** The most bytes one streamed event may have, at least 1. Default 8 MiB. */
  readonly maxEventBytes?: number
  /** The most bytes a non-streaming answer may have, at least 1. Default 64 MiB. */
  readonly maxResponseBytes?: number
}

/** Headers that belong to the connection or the body, which the transport writes itself (RFC 9110 §7.6.1). */
const TRANSPORT_HEADERS = new Set([
  'accept-encoding',
  'connection',
  'content-length',
  'content-type',
  'expect',
  'host',
  'keep-alive',
  'proxy-authorization',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
])
/** RFC 9110 §5.6.2 */
const HEADER_NAME = /^[\w!#$%&'*+.^`|~-]+$/
const MODEL_PATTERN = /^(?:[^\s*]+\*?|\*)$/

/** @throws FailoverError `INVALID_OPTION`, naming the option, its value and what is allowed */
export function checkOptions(options: HttpProvidersOptions): void {
  checkRecord('', options, ['providers', 'wellKnown', 'clock', 'connections', 'maxEventBytes', 'maxResponseBytes'])
  checkBoolean('wellKnown', options.wellKnown)
  checkNumber('connections', options.connections, { min: 1, integer: true })
  checkNumber('maxEventBytes', options.maxEventBytes, { min: 1, integer: true })
  checkNumber('maxResponseBytes', options.maxResponseBytes, { min: 1, integer: true })
  if (options.clock !== undefined) checkClock(options.clock)
  if (options.providers === undefined) return
  if (!isRecord(options.providers)) throw invalidOption('providers', options.providers, 'it must be an object')
  for (const [name, definition] of Object.entries(options.providers)) checkDefinition(`providers.${name}`, definition)
}

function checkClock(clock: Clock): void {
  if (!isRecord(clock)) throw invalidOption('clock', clock, 'it must be an object with now, sleep and setTimer')
  for (const name of ['now', 'sleep', 'setTimer']) checkFunction(`clock.${name}`, clock[name])
}

function checkDefinition(path: string, definition: HttpProviderDefinition): void {
  checkRecord(path, definition, ['dialect', 'baseUrl', 'headers', 'prefill'])
  if (definition.dialect === undefined)
    throw invalidOption(`${path}.dialect`, undefined, 'it must be one of openai, anthropic')
  checkOneOf(`${path}.dialect`, definition.dialect, DIALECT_NAMES)
  if (definition.baseUrl !== undefined) {
    checkText(`${path}.baseUrl`, definition.baseUrl)
    // Here, so that a wrong one is refused before anything is created.
    parseBaseUrl(`${path}.baseUrl`, definition.baseUrl)
  }
  checkPrefill(`${path}.prefill`, definition.prefill)
  if (definition.headers === undefined) return
  if (!isRecord(definition.headers)) throw invalidOption(`${path}.headers`, definition.headers, 'it must be an object')
  for (const [name, value] of Object.entries(definition.headers)) checkHeader(`${path}.headers`, name, value)
}

function checkPrefill(path: string, prefill: unknown): void {
  if (prefill === undefined || typeof prefill === 'boolean') return
  if (!Array.isArray(prefill)) throw invalidOption(path, prefill, 'it must be true, false or an array of model ids')
  for (const [index, model] of prefill.entries()) {
    if (typeof model !== 'string' || !MODEL_PATTERN.test(model))
      throw invalidOption(
        `${path}[${index}]`,
        model,
        'it must be a model id without white space; * may stand at its end',
      )
  }
}

/** A header often holds a secret: its value is never shown. */
function checkHeader(path: string, name: string, value: unknown): void {
  if (!HEADER_NAME.test(name)) throw invalidOption(path, name, 'a header name consists of letters, digits and dashes')
  if (TRANSPORT_HEADERS.has(name.toLowerCase()))
    throw invalidOption(path, name, 'this header is written by the transport')
  if (typeof value !== 'string' || !isHeaderValue(value)) {
    const shown = typeof value === 'string' ? 'its text' : typeof value
    throw invalidOption(`${path}.${name}`, shown, 'a header value is a text of printable ASCII characters')
  }
}
