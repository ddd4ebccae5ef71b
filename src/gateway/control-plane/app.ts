import type { IncomingMessage, ServerResponse } from 'node:http'
import { getRequestListener, type HttpBindings } from '@hono/node-server'
import { type Context, Hono, type HonoRequest } from 'hono'
import { anthropicMessages, openaiChat } from '../../dialects/index.ts'
import type { FailoverManager } from '../../engine/index.ts'
import type { HttpProviders } from '../../http/index.ts'
import type { ClientKeys } from '../data-plane/client-keys.ts'
import { internalFault, Refusal } from '../data-plane/refusal.ts'
import { PROXIED_PATHS } from '../paths.ts'
import { anthropicList, anthropicModel, type ListedModel, listModels, openaiList, openaiModel } from './model-list.ts'

interface ControlPlaneOptions {
  readonly manager: FailoverManager
  readonly registry: HttpProviders
  readonly clients: ClientKeys
  readonly nextRequestId: () => string
  /** @throws Refusal 403 */
  readonly checkOrigin: (request: IncomingMessage) => void
  /** Is it about to stop? */
  readonly isDraining: () => boolean
  readonly onInternalError: (error: unknown) => void
}

type Env = { Bindings: HttpBindings }

/** Everything that is not on the hot path: liveness, readiness, the list of models, and what is not there. */
export function createControlPlane(
  options: ControlPlaneOptions,
): (request: IncomingMessage, response: ServerResponse) => Promise<void> {
  const { manager, isDraining, nextRequestId, onInternalError } = options
  const refuse = (context: Context<Env>, refusal: Refusal): Response => refusalIn(context, refusal, nextRequestId())
  const app = new Hono<Env>()
  app.get('/healthz', (context) => context.json({ status: 'ok' }))
  app.get('/readyz', (context) => {
    if (isDraining()) return context.json({ status: 'draining' }, 503)
    return manager.isAvailable ? context.json({ status: 'ready' }) : context.json({ status: 'unavailable' }, 503)
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
    app.all(path, ({ req }) => {
      // `/v1/models/gemini-2.5-pro:generateContent` is no model's page but a Gemini request.
      throw req.path.includes(':') ? notServed(req) : notAllowed(req, 'GET, HEAD')
    })
  for (const path of PROXIED_PATHS.keys())
    app.all(path, ({ req }) => {
      throw notAllowed(req, 'POST')
    })
  app.notFound((context) => refuse(context, notServed(context.req)))
  app.onError((error, context) => {
    if (error instanceof Refusal) return refuse(context, error)
    onInternalError(error)
    return refuse(context, internalFault())
  })
  return getRequestListener(app.fetch, { overrideGlobalObjects: false })
}

/** What the client that asks may name, in the dialect it asks in. */
function allowedModels(
  context: Context<Env>,
  { manager, registry, clients, checkOrigin }: ControlPlaneOptions,
): ListedModel[] {
  checkOrigin(context.env.incoming)
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

function notAllowed({ method }: HonoRequest, allow: string): Refusal {
  return new Refusal(405, 'method_not_allowed', `${method} is not allowed here; allowed: ${allow}`, { allow })
}

function notServed(req: HonoRequest): Refusal {
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
function refusalIn(context: Context<Env>, refusal: Refusal, requestId: string): Response {
  const { status } = refusal
  const own = { 'x-hotspare-request-id': requestId, 'x-hotspare-attempts': '0' }
  return Response.json(errorBody(context, refusal), { status, headers: { ...refusal.headers, ...own } })
}

function errorBody(context: Context<Env>, refusal: Refusal): object {
  const asking = dialectAsking(context)
  if (context.req.path.startsWith('/v1/messages') || asking === 'anthropic') return anthropicMessages.errorBody(refusal)
  if (asking === 'openai') return openaiChat.errorBody(refusal)
  // https://ai.google.dev/gemini-api/docs/troubleshooting
  const { status, code, message } = refusal
  return { error: { code: status, message, status: code.toUpperCase() } }
}
