import { FailoverError } from '../failure/index.ts'
import { AttemptLoop } from './attempt-loop.ts'
import type { Random } from './clock.ts'
import type { Engine, LoopRequest, OpenRequest, Work } from './engine.ts'
import type { ModelRequest } from './provider.ts'
import { RequestId } from './request-id.ts'
import { RequestLife } from './request-life.ts'
import { type CallOptions, checkCallOptions } from './request-options.ts'
import type { ChainLink, Routes } from './routes.ts'

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

  /**
   * @param deliver makes of what has committed what the caller gets; called at commit
   * @param now epoch milliseconds
   * @throws FailoverError at once where the request cannot begin, else by the promise where nothing commits
   */
  open<T, Result>(
    model: unknown,
    options: CallOptions,
    work: Work<T>,
    deliver: (open: OpenRequest<T>) => Result,
    now: number,
  ): Promise<Result> {
    checkCallOptions(options)
    if (typeof model !== 'string' || model.trim() === '') {
      throw new FailoverError(
        'INVALID_REQUEST',
        'the request has no model: request.model must be a text such as "openai/gpt-5"',
      )
    }
    const { hub, settings } = this.#engine
    const { deadlineMs = settings.timeouts.requestMs } = options
    const chain = fitting(this.#routes.chain(model, options.fallbacks), work)
    if (chain[0] !== undefined) work.readAs?.(chain[0].provider)
    this.#last += 1
    const id = new RequestId(this.#idPrefix, this.#last, options.requestId)
    const life = new RequestLife(this.#engine, {
      id,
      model,
      chain,
      startedAt: now,
      deadlineMs,
      signal: options.signal,
    })
    if (hub.hears('request_started')) {
      const references = chain.filter(({ onlyAfter }) => onlyAfter === undefined).map(({ reference }) => reference)
      const { deadlineAt, id: requestId } = life
      hub.emit({ type: 'request_started', requestId, model, chain: references, deadlineAt }, now)
    }
    return new AttemptLoop(this.#engine, new DoorRequest(life, options, work), deliver).run(now)
  }
}

/** A request as it came in at a door. */
class DoorRequest<T> implements LoopRequest<T> {
  readonly chain: readonly ChainLink[]
  readonly queue: string
  readonly life: RequestLife
  readonly work: Work<T>
  readonly sessionKey: string | undefined
  #estimatedTokens: number | undefined
  #isEstimated: boolean

  constructor(life: RequestLife, { sessionKey, estimatedTokens }: CallOptions, work: Work<T>) {
    this.chain = life.chain
    this.queue = life.model
    this.life = life
    this.work = work
    this.sessionKey = sessionKey
    this.#estimatedTokens = estimatedTokens
    this.#isEstimated = estimatedTokens !== undefined || work.estimateTokens === undefined
  }

  get estimatedTokens(): number | undefined {
    if (!this.#isEstimated) {
      this.#isEstimated = true
      this.#estimatedTokens = this.work.estimateTokens?.()
    }
    return this.#estimatedTokens
  }
}

/** The models that can have a part; all of them where none can, so that it can be said why. */
function fitting(chain: readonly ChainLink[], work: Pick<Work<unknown>, 'isFit'>): readonly ChainLink[] {
  const isFit = ({ provider }: ChainLink): boolean => work.isFit?.(provider) ?? true
  if (chain.every(isFit)) return chain
  const fit = chain.filter(isFit)
  // Detours alone lead nowhere.
  return fit.some(({ onlyAfter }) => onlyAfter === undefined) ? fit : chain
}
