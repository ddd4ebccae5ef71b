import type { IncomingMessage, ServerResponse } from 'node:http'
import { getRequestListener, type HttpBindings } from '@hono/node-server'
import { type Context, Hono } from 'hono'
import { anthropicMessages, type Dialect, openaiChat } from '../../dialects/index.ts'
import type { FailoverManager } from '../../engine/index.ts'
import type { HttpProviders } from '../../http/index.ts'
import type { ClientKeys } from '../data-plane/client-keys.ts'
import { Refusal } from '../data-plane/refusal.ts'
import { PROXIED_PATHS } from '../paths.ts'
import { anthropicList, anthropicModel, type ListedModel, listModels, openaiList, openaiModel } from './model-list.ts'

interface ControlPlaneOptions {
  readonly manager: FailoverManager
  readonly registry: HttpProviders
  readonly clients: ClientKeys
  /** Is it about to stop? */
  readonly isDraining: () => boolean
  readonly onInternalError: (error: unknown) => void
}

type Env = { Bindings: HttpBindings }

/** Everything that is not on the hot path: liveness, readiness, the list of models, and what is not there. */
export function createControlPlane(
  options: ControlPlaneOptions,
): (request: IncomingMessage, response: ServerResponse) => Promise<void> {
  const { manager, isDraining, onInternalError } = options
  const app = new Hono<Env>()
  app.get('/healthz', (context) => context.json({ status: 'ok' }))
  app.get('/readyz', (context) => {
    if (isDraining()) return context.json({ status: 'draining' }, 503)
    const { availableProfiles, totalProfiles } = manager.status()
    const isReady = availableProfiles > 0
    return context.json(
      { status: isReady ? 'ready' : 'unavailable', availableProfiles, totalProfiles },
      isReady ? 200 : 503,
    )
  })
  app.get('/v1/models', (context) => {
    const models = allowedModels(context, options)
    const dialect = dialectAsking(context)
    if (dialect === 'gemini') return context.json({ models: [] })
    return context.json(dialect === 'anthropic' ? anthropicList(models) : openaiList(models))
  })
  app.get('/v1/models/:id{.+}', (context) => {
    const id = context.req.param('id')
    const model = allowedModels(context, options).find((listed) => listed.id === id)
    if (model === undefined)
      throw new Refusal(404, 'model_not_found', `there is no model ${JSON.stringify(id.slice(0, 100))} here`)
    return context.json(dialectAsking(context) === 'anthropic' ? anthropicModel(model) : openaiModel(model))
  })
  for (const path of ['/healthz', '/readyz', '/v1/models', '/v1/models/:id{.+}'])
    app.all(path, (context) => refuseMethod(context, 'GET, HEAD'))
  for (const path of PROXIED_PATHS.keys()) app.all(path, (context) => refuseMethod(context, 'POST'))
  app.notFound((context) => refuse(context, notServed(context)))
  app.onError((error, context) => {
    if (error instanceof Refusal) return refuse(context, error)
    onInternalError(error)
    return refuse(context, new Refusal(500, 'internal_error', 'the gateway itself failed; its log says more'))
  })
  return getRequestListener(app.fetch, { overrideGlobalObjects: false })
}

/** What the client that asks may name, in the dialect it asks in. */
function allowedModels(context: Context<Env>, { manager, registry, clients }: ControlPlaneOptions): ListedModel[] {
  const client = clients.authenticate(context.env.incoming, new URL(context.req.url).searchParams)
  const dialect = dialectAsking(context)
  if (dialect === 'gemini') return []
  const models = listModels(manager, registry, dialect)
  const { routes } = client ?? {}
  return routes === undefined ? models : models.filter(({ id }) => routes.includes(id))
}

/** One path, three shapes of list: SDKs are told apart by the headers only they send. */
function dialectAsking({ req }: Context<Env>): 'openai' | 'anthropic' | 'gemini' {
  if (req.header('x-goog-api-key') !== undefined) return 'gemini'
  return req.header('anthropic-version') === undefined ? 'openai' : 'anthropic'
}

function refuseMethod(context: Context<Env>, allow: string): Response {
  const message = `${context.req.method} is not allowed here; allowed: ${allow}`
  return refuse(context, new Refusal(405, 'method_not_allowed', message, { allow }))
}

function notServed({ req }: Context<Env>): Refusal {
  const served = [...PROXIED_PATHS.keys()].map((path) => `POST ${path}`)
  const path = req.path.slice(0, 100)
  const [known] = [...PROXIED_PATHS.keys()].filter((one) => one === `/v1${path}`)
  const hint = known === undefined ? '' : `; did you mean ${known}? The base URL of an OpenAI client ends in /v1`
  return new Refusal(
    404,
    'not_served',
    `hotspare does not serve ${req.method} ${path}${hint}; it serves ${[...served, 'GET /v1/models'].join(', ')}`,
  )
}

/** In the dialect that the path or the headers speak of. */
function refuse(context: Context<Env>, refusal: Refusal): Response {
  const isAnthropic = context.req.path.startsWith('/v1/messages') || dialectAsking(context) === 'anthropic'
  const dialect: Dialect = isAnthropic ? anthropicMessages : openaiChat
  return Response.json(dialect.errorBody(refusal), { status: refusal.status, headers: refusal.headers })
}
