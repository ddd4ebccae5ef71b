import { z } from 'zod'
import {
  budgetSchema,
  cooldownSchema,
  healthSchema,
  profileLimits,
  retrySchema,
  timeoutsSchema,
  waitSchema,
} from './limits-schema.ts'
import { hedgeSchema, stateSchema } from './planned-schema.ts'
import { providersSchema } from './provider-schema.ts'
import { rulesSchema } from './rules-schema.ts'
import { boolean, group, list, mapOf, name, number, oneOf, onlyNow, text, wholeNumber } from './schema-parts.ts'
import { recoverySchema, streamSchema } from './stream-schema.ts'

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

const references = (description: string) =>
  list(text('A model reference or route name'), description, 'model references').exactOptional()

const route = group(
  {
    primary: text("A model reference (`provider/model`), or another route's name. Required"),
    fallbacks: references('Tried next, in order. Default: none'),
    contextWindowFallbacks: references(
      'Tried in place of `fallbacks`, in order, where the prompt is too long. Default: none; then those of `fallbacks` whose window is larger',
    ),
    contentPolicyFallbacks: references(
      'Tried in place of `fallbacks`, in order, where a filter has refused. Default: none; the refusal goes back to the caller',
    ),
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
    fallbacks: references('For every model that is no route, in order. Default: none'),
    strategy: oneOf(
      'How a profile is chosen among those that are open',
      ['priority', 'round_robin', 'weighted', 'least_busy', 'lowest_latency'],
      { default: 'priority' },
    ).exactOptional(),
    quotaGroups: mapOf(
      profileLimits('What all profiles of the group keep together'),
      "By the name that profiles carry as `quotaGroup`: limits that the group's profiles share. Default: none",
      'limits by quota group',
    ).exactOptional(),
    learnLimits: boolean('Learn limits that nobody has told, from refusals and headers', {
      default: true,
    }).exactOptional(),
    contextWindows: mapOf(
      wholeNumber({ description: 'Tokens', min: 1 }),
      'Context windows in tokens by bare model id; they go before the small table that comes with hotspare. Default: none',
      'numbers of tokens by model',
    ).exactOptional(),
    history: group(
      {
        maxRequests: wholeNumber({
          description: 'Requests whose stories are kept, the latest; 0 keeps none',
          default: 100,
        }).exactOptional(),
      },
      'What is kept of requests that are over',
    ).exactOptional(),
    rotateOnSuccess: boolean('Among equals, take the least recently used profile; under strategy `priority` alone', {
      default: false,
    }).exactOptional(),
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
