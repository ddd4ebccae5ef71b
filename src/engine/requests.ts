import { type AttemptRecord, FailoverError } from '../failure/index.ts'
import { AttemptLoop } from './attempt-loop.ts'
import type { Random } from './clock.ts'
import type { Committed, Engine, Work } from './engine.ts'
import type { ModelRequest } from './provider.ts'
import { withoutSecrets } from './redaction.ts'
import { RequestLife } from './request-life.ts'
import { type CallOptions, checkCallOptions } from './request-options.ts'
import type { ChainLink, Routes } from './routes.ts'

/** A request that has committed: what it committed to, and what is left to be ended. */
export interface OpenRequest<T> extends Committed<T> {
  readonly life: RequestLife
  readonly attempts: readonly AttemptRecord[]
}

/** The one way in for every door: checks a request, gives it a life, and runs the loop. */
export class Requests<Request extends ModelRequest, Event> {
  readonly #engine: Engine
  readonly #routes: Routes<Request, Event>
  readonly #idPrefix: string
  #last = 0

  constructor(engine: Engine, routes: Routes<Request, Event>, random: Random) {
    this.#engine = engine
    this.#routes = routes
    this.#idPrefix = Math.floor(random() * 0x1_0000_0000).toString(36)
  }

  /** Resolves at commit. @throws FailoverError where nothing commits */
  async open<T>(model: unknown, options: CallOptions, work: Work<T>): Promise<OpenRequest<T>> {
    checkCallOptions(options)
    if (typeof model !== 'string' || model.trim() === '') {
      throw new FailoverError(
        'INVALID_REQUEST',
        'the request has no model: request.model must be a text such as "openai/gpt-5"',
      )
    }
    const { hub, settings } = this.#engine
    const { signal, sessionKey, deadlineMs = settings.timeouts.requestMs, fallbacks } = options
    const chain = fitting(this.#routes.chain(model, fallbacks), work)
    const id = options.requestId ?? this.#nextId()
    const life = new RequestLife(this.#engine, { id, deadlineMs, signal })
    if (hub.hears('request_started')) {
      hub.emit({
        type: 'request_started',
        requestId: id,
        model,
        chain: chain.map(({ reference }) => reference),
        deadlineAt: life.deadlineAt,
      })
    }
    const loop = new AttemptLoop(this.#engine, { chain, queue: model, sessionKey, life, work })
    const { attempts } = loop
    try {
      return { ...(await loop.run()), life, attempts }
    } catch (thrown) {
      const secrets = chain
        .flatMap((link) => link.targets())
        .flatMap(({ credential }) => this.#engine.credentials.secretsOf(credential))
      const error = thrown instanceof FailoverError ? thrown : ofForeignCode(thrown, secrets)
      life.end(error, attempts.length)
      throw error
    }
  }

  #nextId(): string {
    this.#last += 1
    return `${this.#idPrefix}-${this.#last}`
  }
}

/** The models that can have a part; all of them where none can, so that it can be said why. */
function fitting(chain: readonly ChainLink[], { isFit }: Pick<Work<unknown>, 'isFit'>): readonly ChainLink[] {
  if (isFit === undefined || chain.every(({ provider }) => isFit(provider))) return chain
  const fit = chain.filter(({ provider }) => isFit(provider))
  return fit.length === 0 ? chain : fit
}

/** A function of a provider that only looks at requests has thrown; no attempt is to blame. */
function ofForeignCode(cause: unknown, secrets: readonly string[]): FailoverError {
  return new FailoverError('PROVIDER_ERROR', 'a function of a provider failed; see the cause', {
    cause: withoutSecrets(cause, secrets),
  })
}
