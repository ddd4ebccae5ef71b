import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Dialect } from '../../dialects/index.ts'
import { type Clock, type FailoverManager, type OpenAnswer, type Settings, systemClock } from '../../engine/index.ts'
import { FailoverError } from '../../failure/index.ts'
import type { HttpProviders } from '../../http/index.ts'
import { PREFILL_MEMBERS } from '../../upstream/index.ts'
import { AnswerThread } from './answer-thread.ts'
import { BodyOutliner } from './body-outline.ts'
import { type ClientKeys, withoutKey } from './client-keys.ts'
import { dropWhereStuck } from './client-progress.ts'
import { failureEvent, failureReply } from './failure-reply.ts'
import { headersToClient } from './forwarded-headers.ts'
import { type OwnWords, ownComment } from './own-words.ts'
import { Passage } from './passage.ts'
import { ProxiedWork } from './proxied-work.ts'
import { MEMBERS, ProxyRequest } from './proxy-request.ts'
import { CLOSING, internalFault, Refusal } from './refusal.ts'
import { checkContentType, readRequestBytes } from './request-bytes.ts'
import { StreamedAnswer } from './streamed-answer.ts'
import { StreamedReply } from './streamed-reply.ts'
import type { UpstreamReply } from './upstream-attempt.ts'
import { writeReply } from './write-reply.ts'

interface DataPlaneOptions {
  readonly manager: FailoverManager
  readonly registry: HttpProviders
  readonly clients: ClientKeys
  readonly maxBodyBytes: number
  /** Milliseconds between signs of life for clients that wait for a stream; 0 sends none. */
  readonly keepAliveMs: number
  readonly nextRequestId: () => string
  /** The gateway is about to stop: nothing new is taken, and connections end with their answers. */
  readonly isDraining: () => boolean
  /** Refuses what a page in a browser may have sent. @throws Refusal 403 */
  readonly checkOrigin: (request: IncomingMessage) => void
  /** Told of what must not happen; the client gets a 500. */
  readonly onInternalError: (error: unknown) => void
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
  readonly #settings: Pick<Settings, 'recovery' | 'stream'>
  #onIdle: () => void = () => {}

  constructor(options: DataPlaneOptions) {
    this.#options = options
    this.#settings = options.manager.config
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
    const { isDraining, nextRequestId } = this.#options
    const passage = new Passage({ id: nextRequestId(), request, response, dialect, isDraining })
    const { controller } = passage
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
      passage.stopSigns()
      if (!response.writableFinished) controller.abort()
    })
    try {
      if (isDraining()) throw new Refusal(503, 'closing', CLOSING, { 'retry-after': '1' })
      this.#options.checkOrigin(request)
      const query = search === '' ? undefined : new URLSearchParams(search)
      const client = this.#options.clients.authenticate(request, query)
      checkContentType(request)
      const bytes = await readRequestBytes(request, this.#options.maxBodyBytes)
      if (controller.signal.aborted) return
      const parsed = new ProxyRequest(request, bytes, client, this.#outlinerOf(dialect))
      passage.isOpen = true
      if (parsed.isStreaming) this.#expectStream(passage, parsed)
      const answer = await this.#open(passage, parsed, withoutKey(search, query))
      if (passage.thread === undefined) parsed.release()
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

  /** Its attempts share what has been delivered, and its client may be kept waiting. */
  #expectStream(passage: Passage, parsed: ProxyRequest): void {
    const { dialect, request } = passage
    passage.thread = new AnswerThread({ dialect, request: parsed, headers: request.headers, ...this.#settings })
    const { keepAliveMs } = this.#options
    if (keepAliveMs > 0) passage.keepAlive(this.#clock, keepAliveMs)
  }

  #open(passage: Passage, parsed: ProxyRequest, query: string): Promise<OpenAnswer<UpstreamReply>> {
    const { id, controller } = passage
    const { model, sessionKey, deadlineMs, fallbacks } = parsed
    const { manager, registry } = this.#options
    return manager.open(model, new ProxiedWork(registry, passage, parsed, query), {
      signal: controller.signal,
      requestId: id,
      sessionKey,
      deadlineMs,
      fallbacks,
    })
  }

  #reply(passage: Passage, answer: OpenAnswer<UpstreamReply>): void {
    try {
      this.#write(passage, answer)
    } catch (error) {
      answer.cancel()
      throw error
    }
  }

  #write(passage: Passage, answer: OpenAnswer<UpstreamReply>): void {
    const { response, dialect, signs, thread } = passage
    const reply = answer.value
    // Only a request that failed repeats them.
    passage.errorBodies = undefined
    const words = (): OwnWords => ({ target: answer.target, attempts: answer.attempts.length })
    const headers = headersToClient(reply.headers, reply.mask)
    passage.addOwnHeaders(headers, words())
    if (reply instanceof StreamedAnswer && thread !== undefined) {
      if (!passage.isHeadEarly) response.writeHead(reply.status, headers)
      const afterword = (): string => (passage.isHeadEarly ? ownComment(words()) : '')
      const options = { response, dialect, clock: this.#clock, thread, signs, afterword }
      new StreamedReply(answer, reply, options).start()
    } else if (!(reply instanceof StreamedAnswer)) {
      answer.complete(reply.usage)
      const { body } = reply
      headers.push('content-length', `${body.length}`)
      response.writeHead(reply.status, headers)
      if (typeof body === 'string') response.end(body, 'latin1')
      else response.end(body)
      dropWhereStuck(response)
    }
  }

  #refuse(passage: Passage, error: unknown): void {
    const { request, response, dialect, errorBodies } = passage
    passage.stopSigns()
    if (response.destroyed) return
    if (response.headersSent && (!passage.isHeadEarly || response.writableEnded)) {
      this.#options.onInternalError(error)
      response.destroy()
      return
    }
    const told = this.#toldOf(error)
    const attempts = told instanceof FailoverError ? (told.attempts ?? []) : []
    const words: OwnWords = { target: attempts.at(-1)?.target, attempts: attempts.length }
    const said = told instanceof FailoverError ? errorBodies?.get(told.cause) : undefined
    if (passage.isHeadEarly) {
      response.end(failureEvent(told, dialect, said) + ownComment(words))
      return
    }
    const reply = failureReply(told, dialect, said)
    const headers = [...reply.headers]
    passage.addOwnHeaders(headers, words)
    writeReply(request, response, { ...reply, headers })
  }

  /** The providers' own, which the gateway's waiting goes by. */
  get #clock(): Clock {
    return this.#options.registry.openai.upstream.clock
  }

  #toldOf(error: unknown): Refusal | FailoverError {
    if (error instanceof Refusal || error instanceof FailoverError) return error
    this.#options.onInternalError(error)
    return internalFault()
  }

  #outlinerOf(dialect: Dialect): BodyOutliner {
    const known = this.#outliners.get(dialect)
    if (known !== undefined) return known
    const outliner = new BodyOutliner(dialect.requests, [
      ...MEMBERS,
      ...dialect.continuation.members,
      ...PREFILL_MEMBERS,
    ])
    this.#outliners.set(dialect, outliner)
    return outliner
  }
}
