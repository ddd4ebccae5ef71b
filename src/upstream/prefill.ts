import { ParsedBody, type RequestBody } from '../dialects/index.ts'
import { PREFILL_TABLE, type PrefillForm } from './prefill-table.ts'

export type { PrefillForm } from './prefill-table.ts'

/**
 * Which models of a provider go on from a prefill, as an operator says it: every one, none, or these bare model ids, of
 * which one may end in `*`.
 */
export type PrefillModels = boolean | readonly string[]

/** Where requests go, without query. */
interface Endpoint {
  readonly origin: string
  readonly pathname: string
}

/** What of a request is written because of its prefill. */
interface PrefillParts {
  /** It comes after all others. */
  readonly message: Readonly<Record<string, unknown>>
  /** Members of the body that the request does not have yet. */
  readonly fields: Readonly<Record<string, unknown>>
}

/** An assistant message at the end, and no more. */
const PLAIN: PrefillForm = { message: {}, body: {}, unless: [] }

/** The members of a request that `fitsForm` and `prefillParts` look at. */
export const PREFILL_MEMBERS: readonly string[] = [
  ...new Set(
    PREFILL_TABLE.flatMap(({ groups }) => groups.flatMap(({ body, unless }) => [...Object.keys(body), ...unless])),
  ),
]

/**
 * How this model at this endpoint wants a prefill; undefined where it is not known to go on from one.
 *
 * @param configured goes before what is known, and then decides alone
 */
export function prefillOf(
  { origin, pathname }: Endpoint,
  model: string,
  configured: PrefillModels | undefined,
): PrefillForm | undefined {
  const provider = PREFILL_TABLE.find(({ endpoints }) => endpoints.includes(origin + pathname))
  const group = provider?.groups.find(({ models }) => includesModel(models, model))
  const isTaken = configured === undefined ? group !== undefined : isConfigured(configured, model)
  if (!isTaken) return undefined
  const { body, unless } = group ?? PLAIN
  return { message: provider?.message ?? PLAIN.message, body, unless }
}

/** Does nothing in the request stand against this form of a prefill? */
export function fitsForm({ body: fields, unless }: PrefillForm, body: RequestBody): boolean {
  return (
    // SDKs that know a field may send it empty.
    unless.every((name) => (body.member(name) ?? undefined) === undefined) &&
    Object.entries(fields).every(([name, value]) => {
      const present = body.member(name)
      return present === undefined || JSON.stringify(present) === JSON.stringify(value)
    })
  )
}

/** What is written into a request that goes on from this text. The same in both dialects. */
export function prefillParts(text: string, form: PrefillForm, body: RequestBody): PrefillParts {
  return { message: { role: 'assistant', content: text, ...form.message }, fields: missingFields(form, body) }
}

/**
 * The request with the beginning of its answer as its last message, as any target takes it; nothing else of it is changed.
 * How the target at hand wants it is left to `inPrefillForm`, once it is known.
 */
export function withPrefill<Request extends object>(request: Request, text: string): Request {
  const body = new ParsedBody(request)
  const { message } = prefillParts(text, PLAIN, body)
  return { ...request, messages: [...body.items('messages'), message] }
}

/** A request that ends with a prefill, as a target wants it written. */
export function inPrefillForm<Request extends object>(request: Request, form: PrefillForm): Request {
  const body = new ParsedBody(request)
  const messages = body.items('messages')
  const last = messages.at(-1) as object | undefined
  return {
    ...request,
    ...missingFields(form, body),
    messages: [...messages.slice(0, -1), { ...last, ...form.message }],
  }
}

function missingFields(form: PrefillForm, body: RequestBody): Readonly<Record<string, unknown>> {
  return Object.fromEntries(Object.entries(form.body).filter(([name]) => body.member(name) === undefined))
}

function isConfigured(configured: PrefillModels, model: string): boolean {
  return typeof configured === 'boolean' ? configured : includesModel(configured, model)
}

function includesModel(patterns: readonly string[], model: string): boolean {
  return patterns.some((pattern) =>
    pattern.endsWith('*') ? model.startsWith(pattern.slice(0, -1)) : pattern === model,
  )
}
