import { FailoverError } from '../failure/index.ts'
import { asFields } from './attempt-context.ts'
import type { Work } from './engine.ts'
import type { SkipCause } from './events.ts'
import { type OpenedStream, openStream } from './failover-stream.ts'
import type { AnswerWork, AttemptContext, ModelRequest, Provider } from './provider.ts'
import type { ProviderRegistry } from './provider-registry.ts'
import type { Target } from './target.ts'

/** A provider's answer, up to its first content. */
export function streamWork<Request extends ModelRequest, Event>(
  registry: ProviderRegistry<Request, Event>,
  request: Request,
): Work<OpenedStream<Event>> {
  return {
    async start(open) {
      const context = asFields(open)
      const provider = providerOf(registry, context.target.provider)
      const events = await provider.stream({ ...request, model: context.target.model }, context)
      // Kept with the answer: the registry may change while it goes on.
      return { provider, ...(await openStream(events, (event) => provider.isContent?.(event) ?? true, context.signal)) }
    },
    unusable: (target) => whyUnusable(registry, target),
    phase(target) {
      return providerOf(registry, target.provider).isStreaming?.(request) === false ? 'response' : 'first_content'
    },
  }
}

/** Whatever begins with a commit and may go on after it. It needs a registered provider, but not that provider's code. */
export function answerWork<Request extends ModelRequest, Event, T>(
  registry: ProviderRegistry<Request, Event>,
  { start, unfit, isStreaming }: AnswerWork<T>,
): Work<T> {
  return {
    start: (context) => start(context),
    unusable(target) {
      const reason = unfit?.(target.provider)
      return reason === undefined ? whyUnusable(registry, target) : { kind: 'provider_unfit', reason }
    },
    isFit: unfit && ((provider) => unfit(provider) === undefined),
    phase: () => (isStreaming ? 'first_content' : 'response'),
  }
}

/** Any function's result. It needs no registered provider; one that is disabled is still not to be used. */
export function functionWork<Request extends ModelRequest, Event, Result>(
  registry: ProviderRegistry<Request, Event>,
  work: (context: AttemptContext) => Result | Promise<Result>,
): Work<{ readonly result: Result }> {
  return {
    start: async (context) => ({ result: await work(asFields(context)) }),
    unusable(target) {
      const cause = whyUnusable(registry, target)
      return cause?.kind === 'provider_disabled' ? cause : undefined
    },
    phase: () => 'response',
  }
}

/** @throws FailoverError `NO_TARGET` where it is not registered any more */
function providerOf<Request extends ModelRequest, Event>(
  registry: ProviderRegistry<Request, Event>,
  name: string,
): Provider<Request, Event> {
  const entry = registry.get(name)
  if (entry.state === 'registered') return entry.provider
  throw new FailoverError('NO_TARGET', `provider ${name} is not registered`)
}

function whyUnusable<Request extends ModelRequest, Event>(
  registry: ProviderRegistry<Request, Event>,
  { provider }: Target,
): SkipCause | undefined {
  const entry = registry.get(provider)
  switch (entry.state) {
    case 'registered':
      return undefined
    case 'disabled':
      return { kind: 'provider_disabled', reason: entry.reason }
    case 'unknown':
      return { kind: 'provider_not_registered' }
  }
}
