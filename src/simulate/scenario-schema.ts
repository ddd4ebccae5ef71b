import { z } from 'zod'
import { parts } from '../config/index.ts'
import { isRecord } from '../failure/index.ts'
import { durationMs } from './duration.ts'
import { REFUSAL_STATUSES } from './refusals.ts'

const { asNumber, boolean, group, list, number, oneOf, positiveNumber, text, wholeNumber } = parts

/** `meta.range` and `meta.default` are for the reference in `docs/simulate.md`. */
interface Meta {
  readonly range: string
  readonly default?: unknown
}

/** A point or a length of time; milliseconds where it has been read. */
function time(description: string, meta: Omit<Meta, 'range'> = {}) {
  const error = 'it must be a number of minutes, or a time such as 90s, 5m or 1h30m'
  return z
    .union([z.number(), z.string()], { error })
    .transform((written, context) => {
      const ms = durationMs(written)
      if (ms !== undefined) return ms
      context.issues.push({ code: 'custom', message: error, input: written })
      return z.NEVER
    })
    .meta({ description, range: 'minutes, or a time such as `90s`, `5m`, `1h30m`', ...meta })
}

function ratio(description: string, byDefault?: number) {
  const error = 'it must be a number from 0 to 1'
  const schema = z.number({ error }).min(0, { error }).max(1, { error })
  const meta: Meta = { range: '0 to 1', ...(byDefault !== undefined && { default: byDefault }) }
  return z.preprocess(asNumber, schema).meta({ description, ...meta })
}

const STATUSES = REFUSAL_STATUSES.join(', ')
const status = z.preprocess(asNumber, z.literal([...REFUSAL_STATUSES], { error: `it must be one of ${STATUSES}` }))

/** A short form or a map: each is checked by itself, so that a mistake within a map is told where it stands. */
function shortOrMap<Short, Map extends object>(short: z.ZodType<Short>, map: z.ZodType<Map>, error: string) {
  const isOfEither = (value: unknown): value is Short | Map =>
    typeof value === 'string' || typeof value === 'number' || isRecord(value)
  return z.custom<Short | Map>(isOfEither, { error }).transform((written, context): Short | Map => {
    const read = isRecord(written) ? map.safeParse(written) : short.safeParse(written)
    if (read.success) return read.data
    // zod completes the way to where this stands.
    for (const issue of read.error.issues) context.issues.push({ ...issue, input: written } as z.core.$ZodRawIssue)
    return z.NEVER
  })
}

const down = z
  .union([z.literal(true), z.enum(['refused', 'dns', 'silent']), status], {
    error: `it must be true, refused, dns, silent, or one of the statuses ${STATUSES}`,
  })
  .transform((written) => (written === true ? 503 : written))
  .meta({
    description:
      'Every request fails: with this status (`true` is 503), since connections are refused, since its name is not found (`dns`), or because nothing ever comes (`silent`). Default: none does',
    range: `\`true\`, \`refused\`, \`dns\`, \`silent\`, ${REFUSAL_STATUSES.map((each) => `\`${each}\``).join(', ')}`,
  })

const reject = z.literal([401, 402, 403, 404], { error: 'it must be 401, 402, 403 or 404' }).meta({
  description:
    'Every request is refused in the words of the dialect: the key is not valid (401), its account is empty (402), it may not do this (403), there is no such model (404). Default: none is',
  range: '`401`, `402`, `403`, `404`',
})

const limit = group(
  {
    requestsPerMinute: wholeNumber({
      description: 'Requests the provider lets in. Default: not limited',
      min: 1,
    }).exactOptional(),
    tokensPerMinute: wholeNumber({
      description: 'Tokens it lets in, input and output together. Default: not limited',
      min: 1,
    }).exactOptional(),
    window: oneOf(
      'How it counts: a bucket that fills steadily, or anew in each minute of the simulation',
      ['bucket', 'fixed'],
      { default: 'bucket' },
    ).exactOptional(),
    burst: wholeNumber({
      description: "How many requests a full bucket holds. Default: a minute's worth",
      min: 1,
    }).exactOptional(),
    retryAfter: oneOf('Does a refusal say in `retry-after` when to come back', ['header', 'none'], {
      default: 'header',
    }).exactOptional(),
    quotaHeaders: boolean('Do answers say in their headers what is left', { default: false }).exactOptional(),
    shared: boolean(
      'All that the fault is about share one count; otherwise each key has its own, and the keys of one quota group theirs',
      { default: false },
    ).exactOptional(),
  },
  'What goes beyond it is refused with 429',
)

const errors = shortOrMap(
  ratio('Share'),
  group({ ratio: ratio('Share'), status: status.exactOptional() }, 'Errors'),
  'it must be a share from 0 to 1, or a map with the keys ratio, status',
)
  .transform((written) =>
    typeof written === 'number' ? { ratio: written, status: 500 as const } : { status: 500 as const, ...written },
  )
  .meta({
    description:
      'This share of requests fails, with status 500 or the one in `{ ratio: 0.3, status: 503 }`. Default: none does',
    range: `0 to 1, or \`{ ratio, status }\` with one of ${STATUSES}`,
  })

const FACTOR = /^[x×]?\s*(\d+(?:\.\d+)?)\s*[x×]?$/
const latencyError = 'it must be a factor such as 3, of at least 0, or a map with the keys factor, ms'
const factor = z.union([
  z.number({ error: latencyError }).min(0, { error: latencyError }),
  z.string().regex(FACTOR, { error: latencyError }),
])
const latency = shortOrMap(
  factor,
  group(
    {
      factor: number({ description: 'How many times as long' }).exactOptional(),
      ms: number({ description: 'Milliseconds that are added' }).exactOptional(),
    },
    'Slowness',
  ),
  latencyError,
)
  .transform((written) => {
    if (typeof written === 'object') return { factor: 1, ms: 0, ...written }
    return { factor: typeof written === 'number' ? written : Number(FACTOR.exec(written)?.[1]), ms: 0 }
  })
  .meta({
    description:
      'Answers take this many times as long; `{ factor: 3, ms: 2000 }` adds milliseconds until the first content. Default: as long as usual',
    range: 'from 0, or `{ factor, ms }`',
  })

export const faultSchema = group(
  {
    name: text('What the report calls it. Default: what it is about and what happens').exactOptional(),
    from: time('When it begins', { default: 0 }).exactOptional(),
    until: time('When it is over. Default: it lasts').exactOptional(),
    every: time('It comes and goes: how often it comes, with `for`. Default: it stays').exactOptional(),
    for: time('How long it then lasts. Default: it stays').exactOptional(),
    provider: text('Only this provider. Default: any').exactOptional(),
    profile: text('Only this profile. Default: any').exactOptional(),
    model: text('Only this model (the bare id). Default: any').exactOptional(),
    origin: text('Only this origin: scheme, host and port. Default: any').exactOptional(),
    down: down.exactOptional(),
    reject: reject.exactOptional(),
    limit: limit.exactOptional(),
    errors: errors.exactOptional(),
    latency: latency.exactOptional(),
    cut: ratio('This share of answers breaks off midway. Default: none does').exactOptional(),
  },
  'Something that goes wrong',
)

const traffic = group(
  {
    perSecond: positiveNumber('Requests a second, on average', { default: 2 }).exactOptional(),
    minutes: positiveNumber('How long requests come', { default: 60 }).exactOptional(),
    route: text(
      'Whom they ask for: a route, or a model reference. Default: the first route, else a model of the first provider that fallbacks stand in for',
    ).exactOptional(),
    dialect: oneOf(
      'The wire format the requests are in; as in the gateway, only providers that speak it are asked. Default: that of the provider of the first target',
      ['openai', 'anthropic'],
    ).exactOptional(),
    streaming: boolean('Answers are streamed', { default: true }).exactOptional(),
  },
  'What is asked',
)

/** Of the traffic what says who is asked, whatever else is there. */
export const trafficNamesSchema = z.object({
  route: traffic.shape.route,
  dialect: traffic.shape.dialect,
})

const answers = group(
  {
    firstContentMs: positiveNumber('Milliseconds until the first content, median', { default: 700 }).exactOptional(),
    tokensPerSecond: positiveNumber('How fast they go on', { default: 80 }).exactOptional(),
    inputTokens: wholeNumber({ description: 'Tokens of a request', default: 800 }).exactOptional(),
    outputTokens: wholeNumber({ description: 'Tokens of an answer, median', min: 1, default: 240 }).exactOptional(),
    spread: number({
      description: 'How far both scatter: the standard deviation of their logarithm; 0: all are alike',
      max: 3,
      default: 0.35,
    }).exactOptional(),
    divergesAgain: ratio(
      'Where a stream broke off and the same model is asked again from the beginning: the share of answers that differ from what was delivered',
      0.5,
    ).exactOptional(),
    divergesElsewhere: ratio('The same where another model is asked', 0.9).exactOptional(),
  },
  'How answers are where nothing is wrong',
)

export const scenarioSchema = group(
  {
    version: z
      .literal(1, { error: 'it must be 1' })
      .meta({ description: 'Of this format', default: 1, range: '`1`' })
      .exactOptional(),
    description: text('What it is about, in a sentence. Default: none').exactOptional(),
    traffic: traffic.exactOptional(),
    answers: answers.exactOptional(),
    faults: list(faultSchema, 'What goes wrong, and when. Default: nothing does', 'faults').exactOptional(),
  },
  'A scenario',
)

/** A scenario as its file says it, once it has been checked. */
export type ScenarioFile = z.output<typeof scenarioSchema>
/** The same as it is written. */
export type ScenarioInput = z.input<typeof scenarioSchema>

/** Every key with its description, default and range, as a JSON Schema has them. */
export function scenarioJsonSchema(): Record<string, unknown> {
  return z.toJSONSchema(scenarioSchema, { io: 'output', unrepresentable: 'any' })
}
