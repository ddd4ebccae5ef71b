import type { IncomingHttpHeaders, IncomingMessage } from 'node:http'
import {
  type Binding,
  cutOf,
  estimateTokens,
  namedSession,
  type RequestBody,
  type SessionGuess,
} from '../../dialects/index.ts'
import { cutJson } from '../json/json-cut.ts'
import { editJson, type JsonEdit } from '../json/json-edit.ts'
import type { ValidJsonOutline } from '../json/json-outline.ts'
import type { BodyOutline, BodyOutliner } from './body-outline.ts'
import type { Client } from './client-keys.ts'
import { Refusal } from './refusal.ts'

/** What is written into a request so that a target goes on with an answer that broke off. */
export interface PrefillEdit {
  /** Comes after all others. */
  readonly message: Readonly<Record<string, unknown>>
  /** Members that the body does not have, among those it was outlined for. */
  readonly fields: Readonly<Record<string, unknown>>
}

/** The members that the gateway itself goes by. */
export const MEMBERS = ['model', 'models', 'stream'] as const
/** Names that clients make up are kept for a while, and travel in headers and errors. */
const MAX_NAME_LENGTH = 1_000
const MAX_NAMES = 100
/** Names of that number and length, quoted, with room for escapes; what is longer is not even parsed. */
const MAX_LIST_BYTES = MAX_NAMES * MAX_NAME_LENGTH * 8
/** A day: a longer one is a mistake. */
const MAX_DEADLINE_MS = 86_400_000
const NO_KINDS: readonly string[] = []
/**
 * Where clients name their sessions in a header: OpenRouter's
 * (https://openrouter.ai/docs/guides/features/broadcast/overview), opencode's, Codex's. They go on to the provider.
 */
const SESSION_HEADERS = ['x-session-id', 'x-session-affinity', 'session-id']
type MemberName = (typeof MEMBERS)[number]

/** What of a request decides where it goes; the rest of its body is passed on as it is. */
export class ProxyRequest {
  /** A route's name or a model reference. */
  readonly model: string
  /** In place of the configured fallbacks, where the request names some. */
  readonly fallbacks: readonly string[] | undefined
  readonly isStreaming: boolean
  readonly sessionKey: string | undefined
  readonly deadlineMs: number | undefined
  /** Is its answer kept by the provider, so that a later request may refer to it? */
  readonly keepsAnswer: boolean
  readonly #headers: IncomingHttpHeaders
  readonly #outliner: BodyOutliner
  readonly #hasModels: boolean
  /** Undefined once it was let go of. */
  #bytes: Buffer | undefined
  /** Made anew where it is asked for after `rest`. */
  #outlined: BodyOutline | undefined
  #latest: { readonly model: string; readonly dropped: string; readonly body: Buffer } | undefined

  /** @throws Refusal 400 or 403, naming what is wrong and what is allowed */
  constructor({ headers }: IncomingMessage, bytes: Buffer, client: Client | undefined, outliner: BodyOutliner) {
    const outlined = outliner.outline(bytes)
    const values = readMembers(bytes, outlined.outline)
    const chain = chainOf(values)
    this.model = chain.model
    this.fallbacks = fallbacksIn(headers['x-hotspare-fallbacks']) ?? chain.fallbacks
    checkAllowed(client, [chain.model, ...(this.fallbacks ?? [])])
    this.isStreaming = values.get('stream') === true
    this.sessionKey = textIn(headers['x-hotspare-session'])
    this.deadlineMs = deadlineIn(headers['x-hotspare-deadline-ms'])
    this.keepsAnswer = outliner.format.keepsAnswer(outlined.body)
    this.#headers = headers
    this.#outliner = outliner
    this.#hasModels = values.has('models')
    this.#bytes = bytes
    this.#outlined = outlined
  }

  /** The body for whoever looks at more of it; undefined once it was let go of. */
  get body(): RequestBody | undefined {
    return this.#bytes && this.#outlineOf(this.#bytes).body
  }

  /** What it refers to that exists only where it was made. Looked for anew each time. */
  get bindings(): readonly Binding[] {
    const { body } = this
    return body === undefined ? [] : this.#outliner.format.bindingsOf(body)
  }

  /** What its body says of its session, or another header, where `sessionKey` says nothing. */
  guessSession(): SessionGuess | undefined {
    const { body } = this
    return body && sessionOf(this.#outliner.format.sessionOf(body), this.#headers)
  }

  /** Input and output together. */
  estimateTokens(): number | undefined {
    const { body } = this
    return body && estimateTokens(this.#outliner.format, body)
  }

  /**
   * The body as a target gets it: with its own model id, without our own fields and what is bound elsewhere; every other
   * byte as it came.
   *
   * @param kinds of bindings that are left out
   * @param prefill put at the end of its messages, which have to be a list
   */
  bodyFor(model: string, kinds: readonly string[] = NO_KINDS, prefill?: PrefillEdit): Buffer {
    const dropped = kinds.join()
    const latest = this.#latest
    if (prefill === undefined && latest?.model === model && latest.dropped === dropped) return latest.body
    const bytes = this.#bytes
    if (bytes === undefined) throw new Error('the body was let go of')
    const edits: JsonEdit[] = [{ name: 'model', value: JSON.stringify(model) }]
    if (this.#hasModels) edits.push({ name: 'models', value: undefined })
    if (prefill !== undefined) edits.push(...editsOf(prefill))
    const source = { bytes, ...this.#outlineOf(bytes) }
    const kept = kinds.length === 0 ? source : withoutKinds(source, kinds, this.#outliner)
    const body = editJson(kept.bytes, kept.outline, edits)
    if (prefill === undefined) this.#latest = { model, dropped, body }
    return body
  }

  /** No target will be asked for now: lets go of all but the body as it came. */
  rest(): void {
    this.#latest = undefined
    this.#outlined = undefined
  }

  /** No target will be asked any more: lets go of the body. */
  release(): void {
    this.rest()
    this.#bytes = undefined
  }

  #outlineOf(bytes: Buffer): BodyOutline {
    this.#outlined ??= this.#outliner.outline(bytes)
    return this.#outlined
  }
}

function editsOf({ message, fields }: PrefillEdit): JsonEdit[] {
  const added = Object.entries(fields).map(([name, value]) => ({ name, value: JSON.stringify(value) }))
  return [{ name: 'messages', appended: JSON.stringify(message) }, ...added]
}

/** A name in the body goes before one in a header, and that before what the session begins with. */
function sessionOf(guess: SessionGuess | undefined, headers: IncomingHttpHeaders): SessionGuess | undefined {
  if (guess?.isNamed) return guess
  const name = SESSION_HEADERS.find((header) => textIn(headers[header]) !== undefined)
  return name === undefined ? guess : namedSession(textIn(headers[name]))
}

function withoutKinds(
  { bytes, outline, body }: BodyOutline & { readonly bytes: Buffer },
  kinds: readonly string[],
  outliner: BodyOutliner,
): { readonly bytes: Buffer; readonly outline: ValidJsonOutline } {
  const cut = cutJson(bytes, outline.start, cutOf(outliner.format.removalsOf(body, kinds)))
  return { bytes: cut, outline: outliner.outline(cut).outline }
}

function readMembers(bytes: Buffer, { members }: ValidJsonOutline): Map<MemberName, unknown> {
  const values = new Map<MemberName, unknown>()
  for (const { name, valueStart, valueEnd } of members) {
    const known = MEMBERS.find((member) => member === name)
    if (known === undefined) continue
    // Two readers of such a body may disagree on which of them counts.
    if (values.has(known)) throw new Refusal(400, 'duplicate_field', `the body has ${name} twice; it may be there once`)
    if (valueEnd - valueStart > MAX_LIST_BYTES)
      throw new Refusal(400, `invalid_${name}`, `${name} is too long: it may have ${MAX_LIST_BYTES} bytes`)
    values.set(known, JSON.parse(bytes.toString('utf8', valueStart, valueEnd)))
  }
  return values
}

/** `models` is OpenRouter's habit: the models in the order in which they are tried, after `model` where both are there. */
function chainOf(values: ReadonlyMap<MemberName, unknown>): {
  readonly model: string
  readonly fallbacks: readonly string[] | undefined
} {
  // SDKs that know a field may send it empty.
  const { model, models } = { model: values.get('model'), models: values.get('models') ?? undefined }
  if (values.has('model') && !isName(model)) {
    throw new Refusal(
      400,
      'invalid_model',
      `model must be a text of 1 to ${MAX_NAME_LENGTH} characters: a route or provider/model`,
    )
  }
  if (models !== undefined && !(Array.isArray(models) && models.every(isName))) {
    throw new Refusal(
      400,
      'invalid_models',
      `models must be a list of texts of 1 to ${MAX_NAME_LENGTH} characters: routes or provider/model`,
    )
  }
  const named = models as readonly string[] | undefined
  if (named !== undefined && named.length > MAX_NAMES)
    throw new Refusal(400, 'invalid_models', `models has ${named.length} entries; at most ${MAX_NAMES} are allowed`)
  const first = isName(model) ? model : named?.[0]
  if (first === undefined) {
    throw new Refusal(400, 'missing_model', 'the body names no model; model must be a route or provider/model')
  }
  return { model: first, fallbacks: named?.filter((name) => name !== first) }
}

function isName(value: unknown): value is string {
  return typeof value === 'string' && value.trim() !== '' && value.length <= MAX_NAME_LENGTH
}

function checkAllowed(client: Client | undefined, names: readonly string[]): void {
  const { routes } = client ?? {}
  const foreign = routes && names.find((name) => !routes.includes(name))
  if (routes === undefined || foreign === undefined) return
  const message = `this client may not use ${JSON.stringify(foreign.slice(0, 100))}; it may use ${routes.join(', ')}`
  throw new Refusal(403, 'route_not_allowed', message)
}

/** A comma list; empty is a list of nothing. */
function fallbacksIn(header: string | string[] | undefined): string[] | undefined {
  if (header === undefined) return undefined
  const names = `${header}`
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '')
  if (names.length <= MAX_NAMES && names.every(isName)) return names
  const allowed = `at most ${MAX_NAMES} names of at most ${MAX_NAME_LENGTH} characters are allowed`
  throw new Refusal(400, 'invalid_fallbacks', `x-hotspare-fallbacks names too much; ${allowed}`)
}

function textIn(header: string | string[] | undefined): string | undefined {
  const text = `${header ?? ''}`.trim()
  return text === '' ? undefined : text
}

function deadlineIn(header: string | string[] | undefined): number | undefined {
  if (header === undefined) return undefined
  const ms = Number(header)
  if (/^\s*\d+(\.\d+)?\s*$/.test(`${header}`) && ms >= 1 && ms <= MAX_DEADLINE_MS) return ms
  const message = `x-hotspare-deadline-ms must be a number of milliseconds from 1 to ${MAX_DEADLINE_MS}`
  throw new Refusal(400, 'invalid_deadline', message)
}
