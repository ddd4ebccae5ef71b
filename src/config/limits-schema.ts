import { boolean, group, number, wholeNumber } from './schema-parts.ts'

export const retrySchema = group(
  {
    attempts: wholeNumber({
      description: 'Tries of one target in one request, the first included',
      min: 1,
      default: 3,
    }).exactOptional(),
    minDelayMs: number({ description: 'Milliseconds of the first back-off', default: 400 }).exactOptional(),
    maxDelayMs: number({
      description: 'Milliseconds of the longest back-off; not less than `minDelayMs`',
      default: 30_000,
    }).exactOptional(),
    jitter: number({
      description: 'Back-offs vary by up to this ratio, both ways',
      max: 1,
      default: 0.1,
    }).exactOptional(),
    exponential: boolean('Double the back-off each time', { default: true }).exactOptional(),
  },
  'How a target is tried again',
)

function ladder(after: string, minMs: number, maxMs: number) {
  return group(
    {
      minMs: number({ description: `Milliseconds of the first window after ${after}`, default: minMs }).exactOptional(),
      maxMs: number({
        description: 'Milliseconds of the longest; not less than `minMs`',
        default: maxMs,
      }).exactOptional(),
    },
    `How long something stays out after ${after}`,
  ).exactOptional()
}

export const cooldownSchema = group(
  {
    rateLimit: ladder('a rate limit', 5_000, 300_000),
    breaker: ladder('an outage', 1_000, 15_000),
    billing: ladder('a billing failure', 3_600_000, 86_400_000),
    auth: ladder('a refused key', 60_000, 3_600_000),
    permission: ladder('a refused permission or unknown model', 1_800_000, 86_400_000),
    error: ladder('an unknown failure', 5_000, 60_000),
    maxHintMs: number({
      description: "Milliseconds of the longest window on a provider's own word",
      default: 86_400_000,
    }).exactOptional(),
  },
  'How long what failed stays out',
)

function timeout(description: string, defaultMs: number) {
  return number({ description: `Milliseconds ${description}`, min: 1, default: defaultMs }).exactOptional()
}

export const timeoutsSchema = group(
  {
    connectMs: timeout('until a connection stands', 10_000),
    firstContentMs: timeout("until a stream's first content", 60_000),
    responseMs: timeout('until the whole answer, where it is not streamed', 300_000),
    idleMs: timeout('until the next sign of life of a stream', 30_000),
    attemptMs: timeout('for one attempt', 600_000),
    requestMs: timeout('for one request', 900_000),
    minCharactersPerSecond: number({
      description:
        'The fewest characters a second of a stream, measured before anything is given to the client; 0 asks for none',
      default: 0,
    }).exactOptional(),
    throughputMs: timeout('from the first content in which a stream shows whether it is so fast', 2_000),
  },
  'Limits, each its own',
)

export const budgetSchema = group(
  {
    maxAttempts: wholeNumber({
      description: 'Tries of one request, over all targets',
      min: 1,
      default: 10,
    }).exactOptional(),
  },
  'What one request may spend',
)

export const waitSchema = group(
  {
    maxMs: number({
      description: 'Milliseconds a request may wait when nothing is open',
      default: 10_000,
    }).exactOptional(),
    maxQueued: wholeNumber({
      description: 'Requests that may wait for one route or model',
      default: 100,
    }).exactOptional(),
  },
  'How long a request waits when nothing is open',
)

export const healthSchema = group(
  {
    probe: group(
      {
        enabled: boolean(
          'Ask with the smallest real request whether what a breaker keeps out is back; under policy `evidence` alone',
          {
            default: false,
          },
        ).exactOptional(),
        everyMs: number({ description: 'Milliseconds between probes', min: 100, default: 2_000 }).exactOptional(),
      },
      'Requests of its own',
    ).exactOptional(),
  },
  'How it is found out that something is back',
)

export function profileLimits(description: string) {
  return group(
    {
      requestsPerMinute: wholeNumber({
        description: 'Requests begun in any 60 s. Default: not limited',
        min: 1,
      }).exactOptional(),
      tokensPerMinute: wholeNumber({
        description: 'Tokens in and out in any 60 s. Default: not limited',
        min: 1,
      }).exactOptional(),
      maxConcurrent: wholeNumber({ description: 'Requests under way. Default: not limited', min: 1 }).exactOptional(),
    },
    description,
  )
}
