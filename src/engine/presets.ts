import type { FailoverOptions } from './options.ts'

/**
 * The numbers and rules of the two published designs this engine grew from, to be spread into the options:
 * `new FailoverManager({ ...presets.rsclaw, profiles })`.
 */
export const presets = {
  /**
   * rsclaw: 400 ms × 2ⁿ, at most 30 s, jitter 0.1; a profile cools down for that, clamped to 5 to 300 s; only rate
   * limits and authentication failures move on; a target is tried once in a request.
   */
  rsclaw: {
    policy: 'rsclaw',
    retry: { attempts: 1, minDelayMs: 400, maxDelayMs: 30_000, jitter: 0.1, exponential: true },
    // Every profile once, however many there are.
    budget: { maxAttempts: 1_000 },
    cooldown: { rateLimit: { minMs: 5_000, maxMs: 300_000 } },
    rotateOnSuccess: false,
    // Neither design goes on with a stream that broke off, nor holds tool calls.
    recovery: { midStream: 'off' },
    stream: { toolCalls: 'pass' },
  },
  /**
   * PraisonAI: 3 retries (so 4 tries of a request), 1 s × 2ⁿ, at most 60 s, no jitter; a profile cools down for 60 s
   * after a rate limit and for 30 s after any other error.
   */
  praisonai: {
    policy: 'praisonai',
    retry: { attempts: 4, minDelayMs: 1_000, maxDelayMs: 60_000, jitter: 0, exponential: true },
    budget: { maxAttempts: 4 },
    cooldown: { rateLimit: { minMs: 60_000, maxMs: 60_000 }, error: { minMs: 30_000, maxMs: 30_000 } },
    rotateOnSuccess: false,
    recovery: { midStream: 'off' },
    stream: { toolCalls: 'pass' },
  },
} as const satisfies Record<string, FailoverOptions>
