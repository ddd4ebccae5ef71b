import { z } from 'zod'
import { budgetSchema, cooldownSchema, retrySchema, timeoutsSchema, waitSchema } from './limits-schema.ts'
import { healthSchema, hedgeSchema, recoverySchema, stateSchema, streamSchema } from './planned-schema.ts'
import { providersSchema } from './provider-schema.ts'
import { rulesSchema } from './rules-schema.ts'
import { boolean, group, list, mapOf, name, number, oneOf, onlyNow, text, wholeNumber } from './schema-parts.ts'

const client = group(
  {
    name: name('For logs and metrics; unique. Required'),
    key: text('The key it shows as its own; unique. Required'),
    routes: list(
      text('A route'),
      'The routes it may use. Default: all routes and models',
      'route names',
    ).exactOptional(),
  },
  'Who may ask',
)

const server = group(
  {
    host: text('Where it listens', { default: '127.0.0.1' }).exactOptional(),
    port: wholeNumber({ description: 'TCP port; 0 takes a free one', max: 65_535, default: 4000 }).exactOptional(),
    workers: z.preprocess((value) => (value === '1' ? 1 : value), onlyNow('Processes', 1)).exactOptional(),
    adminKey: text('The key of the admin API. Default: none').exactOptional(),
    clients: list(client, 'Who may ask. Default: everybody who reaches the address', 'clients').exactOptional(),
    drainMs: number({
      description: 'Milliseconds that running requests are given when the gateway stops',
      default: 30_000,
    }).exactOptional(),
    maxBodyBytes: wholeNumber({
      description: 'Bytes of the largest request body',
      min: 1,
      default: 33_554_432,
    }).exactOptional(),
  },
  'The gateway itself',
)

const FUTURE_FALLBACKS = z
  .array(z.string(), { error: 'is not supported yet; allowed now: []' })
  .max(0, { error: 'is not supported yet; allowed now: []' })

const route = group(
  {
    primary: text("A model reference (`provider/model`), or another route's name. Required"),
    fallbacks: list(
      text('A model reference or route name'),
      'Tried next, in order. Default: none',
      'model references',
    ).exactOptional(),
    contextWindowFallbacks: FUTURE_FALLBACKS.meta({
      description: 'Tried where the prompt is too long. Not supported yet',
      default: [],
    }).exactOptional(),
    contentPolicyFallbacks: FUTURE_FALLBACKS.meta({
      description: 'Tried where the content is refused. Not supported yet',
      default: [],
    }).exactOptional(),
  },
  'What its name stands for',
)

export const configurationSchema = group(
  {
    version: z
      .preprocess((value) => (value === '1' ? 1 : value), z.literal(1, { error: 'it must be 1' }))
      .meta({ description: 'Of this format', default: 1 })
      .exactOptional(),
    server: server.exactOptional(),
    providers: providersSchema,
    auth: group(
      {
        order: mapOf(
          list(text('A profile id'), 'Profile ids', 'profile ids'),
          "By provider: its profiles' ids in the order in which they are tried; others come after. Default: by priority",
          'profile ids by provider',
        ).exactOptional(),
      },
      'Who is tried first',
    ).exactOptional(),
    routes: mapOf(
      route,
      'Names that stand for a model and its fallbacks. Default: none',
      'routes by name',
    ).exactOptional(),
    fallbacks: list(
      text('A model reference or route name'),
      'For every model that is no route, in order. Default: none',
      'model references',
    ).exactOptional(),
    strategy: oneOf('How a profile is chosen among those that are open', ['priority'], {
      planned: ['round_robin', 'weighted', 'least_busy', 'lowest_latency'],
      default: 'priority',
    }).exactOptional(),
    rotateOnSuccess: boolean('Among equals, take the least recently used profile', { default: false }).exactOptional(),
    policy: oneOf('Whose rules judge failures', ['evidence', 'rsclaw', 'praisonai'], {
      default: 'evidence',
    }).exactOptional(),
    rules: rulesSchema.exactOptional(),
    retry: retrySchema.exactOptional(),
    budget: budgetSchema.exactOptional(),
    wait: waitSchema.exactOptional(),
    cooldown: cooldownSchema.exactOptional(),
    timeouts: timeoutsSchema.exactOptional(),
    stream: streamSchema.exactOptional(),
    hedge: hedgeSchema.exactOptional(),
    recovery: recoverySchema.exactOptional(),
    health: healthSchema.exactOptional(),
    usage: oneOf('How token counts are learnt', ['passive'], { planned: ['ask'], default: 'passive' }).exactOptional(),
    state: stateSchema.exactOptional(),
  },
  'hotspare.yaml',
)

/** A configuration that has been checked. It holds keys. */
export type Configuration = z.output<typeof configurationSchema>

/** The file's JSON Schema, for editors. */
export function configurationJsonSchema(): Record<string, unknown> {
  return z.toJSONSchema(configurationSchema, { io: 'output' })
}
