import { type AnswerTrail, type PlainEvents, PlainTrail, type ResumeMode } from '../recovery/index.ts'
import type { Settings } from './options.ts'
import type { ModelRequest, Provider } from './provider.ts'

/**
 * Begins to follow the answer to a request.
 * @returns undefined where nothing is to be held, and nothing can go on with it
 */
export function startTrail<Request extends ModelRequest, Event>(
  provider: Provider<Request, Event>,
  request: Request,
  { recovery: { midStream }, stream }: Settings,
): StreamTrail<Request, Event> | undefined {
  const { recovery } = provider
  if (recovery === undefined || provider.isStreaming?.(request) === false) return undefined
  const recovers = midStream !== 'off'
  const holdsToolCalls = stream.toolCalls === 'hold'
  if (!recovers && !holdsToolCalls) return undefined
  const own = recovery.startTrail?.(request, { holdsToolCalls, recovers })
  if (own !== undefined) return new StreamTrail(provider, own, undefined)
  if (!recovers) return undefined
  const plain = new PlainTrail<Event>(hooksOf(provider))
  return new StreamTrail(provider, plain, plain)
}

/** The trail of an answer, and which providers can go on with it. */
export class StreamTrail<Request extends ModelRequest, Event> {
  readonly trail: AnswerTrail<Event>
  readonly #plain: PlainTrail<Event> | undefined
  readonly #dialect: string | undefined

  /** @param plain the trail, where it is one that goes by the four functions */
  constructor(
    { dialect }: Pick<Provider<Request, Event>, 'dialect'>,
    trail: AnswerTrail<Event>,
    plain: PlainTrail<Event> | undefined,
  ) {
    this.trail = trail
    this.#plain = plain
    this.#dialect = dialect
  }

  /** Can this provider go on with it? */
  fits({ dialect, recovery }: Provider<Request, Event>): boolean {
    if (recovery === undefined) return false
    if (this.#plain !== undefined) return recovery.startTrail === undefined
    return recovery.startTrail !== undefined && dialect === this.#dialect
  }

  /** An attempt of this provider goes on with it. @returns what it is asked */
  resume(provider: Provider<Request, Event>, request: Request, mode: ResumeMode): Request {
    const { prefill } = this.trail
    if (this.#plain === undefined) this.trail.resume(mode)
    else this.#plain.resumeWith(hooksOf(provider), mode)
    if (mode === 'restart' || prefill === undefined) return request
    return provider.recovery?.withPrefill(request, prefill) ?? request
  }
}

function hooksOf<Request extends ModelRequest, Event>(provider: Provider<Request, Event>): PlainEvents<Event> {
  const { recovery } = provider
  return {
    textOf: (event) => recovery?.textOf(event) ?? '',
    isTerminal: (event) => recovery?.isTerminal(event) ?? false,
    withoutPrefix: (event, characters) => recovery?.withoutPrefix(event, characters),
    ...(provider.isContent && { isContent: (event: Event) => provider.isContent?.(event) ?? true }),
  }
}
