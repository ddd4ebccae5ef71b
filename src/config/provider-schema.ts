import { z } from 'zod'
import { profileLimits } from './limits-schema.ts'
import {
  anyNumber,
  boolean,
  group,
  list,
  mapOf,
  name,
  oneOf,
  positiveNumber,
  text,
  wholeNumber,
} from './schema-parts.ts'

const ttlMs = wholeNumber({
  description: 'Milliseconds for which the key that was read is used before it is read again',
  default: 300_000,
}).exactOptional()

const apiKey = z
  .union(
    [
      z.string(),
      z.strictObject({ env: z.string().min(1) }),
      z.strictObject({ file: z.string().min(1), ttlMs }),
      z.strictObject({ command: z.array(z.string()).min(1), ttlMs }),
    ],
    { error: 'it must be a text, { env: NAME }, { file: PATH, ttlMs } or { command: [PROGRAM, ARGUMENT, …], ttlMs }' },
  )
  .meta({
    description: 'The key. Empty: the profile is disabled. Default: none, which is for providers that need none',
  })

const limits = profileLimits('What the gateway keeps by itself, so that the provider need not refuse')

const profile = group(
  {
    id: name('Unique, by convention `provider:name`. Required'),
    apiKey: apiKey.exactOptional(),
    baseUrl: text("Goes before the provider's. Default: the provider's").exactOptional(),
    model: text('Serves requests that name only the provider. Default: none').exactOptional(),
    priority: anyNumber('Lower is tried first; equals in the order in which they stand here', {
      default: 0,
    }).exactOptional(),
    weight: positiveNumber('Share of the traffic among equals, for strategies that weigh', {
      default: 1,
    }).exactOptional(),
    limits: limits.exactOptional(),
    quotaGroup: name("Profiles that share the provider's limits carry the same name. Default: none").exactOptional(),
    metadata: z
      .record(z.string(), z.unknown(), { error: 'it must be a map' })
      .meta({ description: 'Yours; never read', default: {} })
      .exactOptional(),
  },
  'A named credential',
)

const modelPattern = z
  .string({ error: 'it must be a model id' })
  .regex(/^(?:[^\s*]+\*?|\*)$/, { error: 'it must be a model id without white space; * may stand at its end' })

const prefill = z
  .union([boolean('Every model, or none', {}), z.array(modelPattern)], {
    error: 'it must be true, false or a list of model ids',
  })
  .meta({
    description:
      'Which of its models go on from an assistant message at the end of the messages: all, none, or these, of which one may end in `*`. Default: those that are [known to](#prefill)',
  })

const provider = group(
  {
    dialect: oneOf("The wire format. Default: the well-known provider's; else required", ['openai', 'anthropic'], {
      planned: ['gemini'],
    }).exactOptional(),
    baseUrl: text(
      "Where it is, http or https. Default: the well-known provider's; else required, here or in every profile",
    ).exactOptional(),
    headers: z
      .record(z.string(), z.string({ error: 'it must be a text' }), {
        error: 'it must be a map of header names and texts',
      })
      .meta({ description: 'Further request headers by name', default: {} })
      .exactOptional(),
    prefill: prefill.exactOptional(),
    profiles: list(profile, 'Its credentials. Default: one without a key', 'profiles').exactOptional(),
  },
  'An API with a dialect',
)

export const providersSchema = mapOf(
  provider,
  'Who is asked, by name; a well-known name brings its base URL and dialect. Required, at least one',
  'providers by name',
)
