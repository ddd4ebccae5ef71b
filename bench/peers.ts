import type { LanguageModelV4, LanguageModelV4CallOptions, LanguageModelV4GenerateResult } from '@ai-sdk/provider'
import { createFallback } from 'ai-fallback'
import { createRetryableModel } from 'ai-retry/language-model'
import {
  ConsecutiveBreaker,
  circuitBreaker,
  ExponentialBackoff,
  handleAll,
  retry,
  TimeoutStrategy,
  timeout,
  wrap,
} from 'cockatiel'
import pRetry from 'p-retry'
import type { Variant } from './measure.ts'

/** What a call may cost others that only retry a function, each with what it has of a deadline and an abort. */
export function functionPeers(
  answer: () => Promise<string>,
  deadlineMs: number,
  signal: AbortSignal,
): readonly Variant[] {
  const retryAndBreaker = wrap(
    retry(handleAll, { maxAttempts: 3, backoff: new ExponentialBackoff() }),
    circuitBreaker(handleAll, { halfOpenAfter: 10_000, breaker: new ConsecutiveBreaker(5) }),
  )
  const withTimeout = wrap(timeout(deadlineMs, TimeoutStrategy.Cooperative), retryAndBreaker)
  return [
    { name: 'cockatiel: retry + breaker', run: () => retryAndBreaker.execute(answer) },
    { name: 'cockatiel: the same with timeout and signal', run: () => withTimeout.execute(answer, signal) },
    { name: 'p-retry', run: () => pRetry(answer, { retries: 2 }) },
    {
      // It looks at the time between two tries only, and arms no timer.
      name: 'p-retry with maxRetryTime and signal',
      run: () => pRetry(answer, { retries: 2, maxRetryTime: deadlineMs, signal }),
    },
  ]
}

/** The same for those that wrap models of the AI SDK; neither has a deadline for the first try. */
export function modelPeers(
  model: LanguageModelV4,
  options: LanguageModelV4CallOptions,
  beside: string,
): readonly Variant[] {
  const fallback = createFallback({ models: [model, model] })
  const retryable = createRetryableModel({ model, retries: [model] })
  return [
    { name: 'ai-fallback, the signal passed through', beside, run: () => fallback.doGenerate(options) },
    { name: 'ai-retry, the signal passed through', beside, run: () => retryable.doGenerate(options) },
  ]
}

/** A language model in this process that answers at once. */
export class InstantModel implements LanguageModelV4 {
  readonly specificationVersion = 'v4'
  readonly provider = 'openai'
  readonly modelId = 'gpt-5'
  readonly supportedUrls = {}

  async doGenerate(_options: LanguageModelV4CallOptions): Promise<LanguageModelV4GenerateResult> {
    return {
      content: [{ type: 'text', text: 'ok' }],
      finishReason: { unified: 'stop', raw: 'stop' },
      usage: {
        inputTokens: { total: 1, noCache: 1, cacheRead: undefined, cacheWrite: undefined },
        outputTokens: { total: 1, text: 1, reasoning: undefined },
      },
      warnings: [],
    }
  }

  doStream(): never {
    throw new Error('it does not stream')
  }
}
