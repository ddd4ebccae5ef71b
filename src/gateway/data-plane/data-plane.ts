import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Dialect } from '../../dialects/index.ts'
import { type FailoverManager, formatTarget, type OpenAnswer, systemClock } from '../../engine/index.ts'
import { FailoverError, type TargetRef } from '../../failure/index.ts'
import type { HttpProviders } from '../../http/index.ts'
import type { Upstream } from '../../upstream/index.ts'
import { BodyOutliner } from './body-outline.ts'
import type { ClientKeys } from './client-keys.ts'
import { dropWhereStuck } from './client-progress.ts'
import { failureReply } from './failure-reply.ts'
import { headersToClient } from './forwarded-headers.ts'
import { MEMBERS, type ProxyRequest, parseProxyRequest } from './proxy-request.ts'
import { CLOSING, internalFault, Refusal } from './refusal.ts'
import { readRequestBytes } from './request-bytes.ts'
import { StreamedAnswer } from './streamed-answer.ts'
import { StreamedReply } from './streamed-reply.ts'
import { type AttemptRequest, askUpstream, type UpstreamReply } from './upstream-attempt.ts'
import { writeReply } from './write-reply.ts'

interface DataPlaneOptions {
  readonly manager: FailoverManager
  readonly registry: HttpProviders
  readonly clients: ClientKeys
  readonly maxBodyBytes: number
  readonly nextRequestId: () => string
  /** The gateway is about to stop: nothing new is taken, and connections end with their answers. */
  readonly isDraining: () => boolean
  /** Refuses what a page in a browser may have sent. @throws Refusal 403 */
  readonly checkOrigin: (request: IncomingMessage) => void
  /** Told of what must not happen; the client gets a 500. */
  readonly onInternalError: (error: unknown) => void
}

/** A request on its way through, as far as more than one step needs it. */
interface Passage {
  readonly id: string
  readonly request: IncomingMessage
  readonly response: ServerResponse
  readonly dialect: Dialect
  /** Aborted when the client leaves, or the gateway gives up. */
  readonly controller: AbortController
  /** What providers said in their errors, to be repeated word for word. */
  errorBodies: Map<unknown, Buffer> | undefined
  /** The engine has it, and will say how it ends. */
  isOpen: boolean
}

/**
 * What the data plane keeps of a request that runs. It is emptied at the end: a long-lived set that held whole requests
 * would have the collector carry them along long after they are over.
 */
interface Running {
  abort: ((reason: FailoverError) => void) | undefined
}

/**
 * The hot path: takes a client's request, lets the engine find the target that answers it, and passes bytes between the
 * two. It decides nothing about failures.
 */
export class DataPlane {
  readonly #options: DataPlaneOptions
  readonly #running = new Set<Running>()
  readonly #outliners = new Map<Dialect, BodyOutliner>()
  #onIdle: () => void = () => {}

  constructor(options: DataPlaneOptions) {
    this.#options = options
  }

  /** Resolves once every request has been answered to its end, or when the time is over. */
  whenIdle(maxMs: number): Promise<void> {
    if (this.#running.size === 0) return Promise.resolve()
    return new Promise((resolve) => {
      const finish = (): void => {
        cancelTimer()
        this.#onIdle = () => {}
        resolve()
      }
      const cancelTimer = systemClock.setTimer(finish, maxMs)
      this.#onIdle = finish
    })
  }

  /** Gives up everything that runs; clients are told. */
  abortAll(reason: FailoverError): void {
    for (const { abort } of this.#running) abort?.(reason)
  }

  /** Serves a POST to one of the paths that proxy. @param search the query with its question mark; or empty */
  async serve(request: IncomingMessage, response: ServerResponse, dialect: Dialect, search: string): Promise<void> {
    const controller = new AbortController()
    const id = this.#options.nextRequestId()
    const passage: Passage = { id, request, response, dialect, controller, errorBodies: undefined, isOpen: false }
    const running: Running = {
      abort: (reason) => {
        controller.abort(reason)
        // One that has been refused already may still linger for the rest of its body.
        if (!passage.isOpen && !response.headersSent) this.#refuseSafely(passage, reason)
      },
    }
    this.#running.add(running)
    response.on('close', () => {
      this.#running.delete(running)
      running.abort = undefined
      if (this.#running.size === 0) this.#onIdle()
      if (!response.writableFinished) controller.abort()
    })
    try {
      if (this.#options.isDraining()) throw new Refusal(503, 'closing', CLOSING, { 'retry-after': '1' })
      this.#options.checkOrigin(request)
      const query = search === '' ? undefined : new URLSearchParams(search)
      const client = this.#options.clients.authenticate(request, query)
      checkContentType(request)
      const bytes = await readRequestBytes(request, this.#options.maxBodyBytes)
      if (controller.signal.aborted) return
      const parsed = parseProxyRequest(request, bytes, client, this.#outlinerOf(dialect))
      passage.isOpen = true
      const answer = await this.#open(passage, parsed, withoutKey(search, query))
      parsed.release()
      this.#reply(passage, answer)
    } catch (error) {
      // Cut off while its body was read, it has been told so.
      if (passage.isOpen || !controller.signal.aborted) this.#refuseSafely(passage, error)
    }
  }

  /** Whatever goes wrong here must not be more than one client's affair. */
  #refuseSafely(passage: Passage, error: unknown): void {
    try {
      this.#refuse(passage, error)
    } catch (fault) {
      this.#options.onInternalError(fault)
      passage.response.destroy()
    }
  }

  #open(passage: Passage, parsed: ProxyRequest, query: string): Promise<OpenAnswer<UpstreamReply>> {
    const { id, request, dialect, controller } = passage
    const attemptRequest: AttemptRequest = {
      isStreaming: parsed.isStreaming,
      keepsAnswer: parsed.keepsAnswer,
      client: request,
      query,
      bodyFor: parsed.bodyFor,
      noteErrorBody: (error, bytes) => {
        passage.errorBodies ??= new Map()
        passage.errorBodies.set(error, bytes)
      },
    }
    const { model, isStreaming, sessionKey, deadlineMs, fallbacks } = parsed
    return this.#options.manager.open(
      model,
      {
        isStreaming,
        start: (context) => askUpstream(this.#upstreamOf(context.target.provider), attemptRequest, context),
        unfit: (provider) => this.#whyUnfit(provider, dialect),
        get bindings() {
          return parsed.bindings
        },
        guessSession: parsed.guessSession,
        estimateTokens: parsed.estimateTokens,
      },
      {
        signal: controller.signal,
        requestId: id,
        sessionKey,
        deadlineMs,
        fallbacks,
      },
    )
  }

  #reply(passage: Passage, answer: OpenAnswer<UpstreamReply>): void {
    try {
      this.#write(passage, answer)
    } catch (error) {
      answer.cancel()
      throw error
    }
  }

  #write({ id, response, dialect }: Passage, answer: OpenAnswer<UpstreamReply>): void {
    const reply = answer.value
    const headers = headersToClient(reply.headers, reply.mask)
    this.#addOwnHeaders(headers, id, answer.target, answer.attempts.length)
    if (reply instanceof StreamedAnswer) {
      response.writeHead(reply.status, headers)
      new StreamedReply(response, answer, reply, dialect).start()
    } else {
      answer.complete(reply.usage)
      const { body } = reply
      headers.push('content-length', `${body.length}`)
      response.writeHead(reply.status, headers)
      if (typeof body === 'string') response.end(body, 'latin1')
      else response.end(body)
      dropWhereStuck(response)
    }
  }

  #refuse({ id, request, response, dialect, errorBodies }: Passage, error: unknown): void {
    if (response.destroyed) return
    if (response.headersSent) {
      this.#options.onInternalError(error)
      response.destroy()
      return
    }
    const told = this.#toldOf(error)
    const attempts = told instanceof FailoverError ? (told.attempts ?? []) : []
    const said = told instanceof FailoverError ? errorBodies?.get(told.cause) : undefined
    const reply = failureReply(told, dialect, said)
    const headers = [...reply.headers]
    this.#addOwnHeaders(headers, id, attempts.at(-1)?.target, attempts.length)
    writeReply(request, response, { ...reply, headers })
  }

  #addOwnHeaders(headers: string[], id: string, target: TargetRef | undefined, attempts: number): void {
    headers.push('x-hotspare-request-id', id)
    if (target !== undefined) headers.push('x-hotspare-target', asHeader(formatTarget(target)))
    headers.push('x-hotspare-attempts', `${attempts}`)
    if (this.#options.isDraining() && !headers.includes('connection')) headers.push('connection', 'close')
  }

  #toldOf(error: unknown): Refusal | FailoverError {
    if (error instanceof Refusal || error instanceof FailoverError) return error
    this.#options.onInternalError(error)
    return internalFault()
  }

  #outlinerOf(dialect: Dialect): BodyOutliner {
    const known = this.#outliners.get(dialect)
    if (known !== undefined) return known
    const outliner = new BodyOutliner(dialect.requests, MEMBERS)
    this.#outliners.set(dialect, outliner)
    return outliner
  }

  #upstreamOf(provider: string): Upstream {
    const upstream = this.#options.registry.upstreamOf(provider)
    if (upstream !== undefined) return upstream
    throw new FailoverError('NO_TARGET', `provider ${provider} is not one that is reached over HTTP`)
  }

  #whyUnfit(provider: string, { name }: Dialect): string | undefined {
    const spoken = this.#options.registry.upstreamOf(provider)?.dialect.name ?? name
    return spoken === name ? undefined : `speaks the dialect ${spoken}, and this request is in ${name}`
  }
}

/** Names of models and profiles may hold what no header can carry. */
function asHeader(text: string): string {
  return /^[\x20-\x7e]*$/.test(text) ? text : encodeURI(text.toWellFormed())
}

/** @throws Refusal 415 */
function checkContentType({ headers }: IncomingMessage): void {
  const whole = headers['content-type'] ?? ''
  if (whole === 'application/json') return
  const [type = ''] = whole.split(';')
  const name = type.trim().toLowerCase()
  if (name === 'application/json' || name.endsWith('+json')) return
  const found =
    name === '' ? 'there is no content-type' : `the content-type ${JSON.stringify(name.slice(0, 60))} is not allowed`
  const message = `${found}; it must be application/json`
  throw new Refusal(415, 'unsupported_content_type', message)
}

/** The query as a provider gets it: `key` is how a client may show its key. */
function withoutKey(search: string, query: URLSearchParams | undefined): string {
  if (query === undefined || !query.has('key')) return search
  const kept = search
    .slice(1)
    .split('&')
    .filter((pair) => !new URLSearchParams(pair).has('key'))
  return kept.length === 0 ? '' : `?${kept.join('&')}`
}
