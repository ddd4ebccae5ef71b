import { asConfigured, type Journal, prepare, runOn, type Scenario, type Subject } from '../../src/simulate/index.ts'

const KEYS = 10
const PER_KEY = 60
/** Well above what the keys let in together, so that the full buckets they begin with are empty after two minutes. */
const PER_SECOND = (1.6 * KEYS * PER_KEY) / 60
const MINUTES = 10
const MEASURED_FROM_MS = 2 * 60_000
const MEASURED_UNTIL_MS = MINUTES * 60_000

export interface LimitRow {
  readonly name: string
  /** Of what the provider would have let in, 0 to 1. */
  readonly used: number
  /** Share of all attempts that were refused with 429, 0 to 1. */
  readonly refused: number
  /** Share of the requests that were answered; no more than five of eight can be. */
  readonly answered: number
}

/** Ten keys whose limits nobody has told, under more load than they let in: how much of it is used, and how politely. */
export async function unknownLimits(seed: number): Promise<LimitRow[]> {
  const rows: LimitRow[] = []
  for (const window of ['bucket', 'fixed'] as const) {
    for (const seconds of [0.1, 20]) {
      for (const retryAfter of ['header', 'none'] as const) {
        const scenario = scenarioOf(window, seconds, retryAfter)
        const journal = await runOn(await prepare(TEN_KEYS, scenario, seed), asConfigured)
        const told = retryAfter === 'header' ? 'with retry-after' : 'without a hint'
        rows.push({
          name: `${window === 'bucket' ? 'token bucket' : 'fixed window'}, ${seconds} s, ${told}`,
          ...sharesOf(journal),
        })
      }
    }
  }
  return rows
}

const ids = Array.from({ length: KEYS }, (_, index) => `openai:${index}`)

const TEN_KEYS: Subject = {
  failover: {
    profiles: ids.map((id) => ({ id, provider: 'openai', apiKey: `simulated-${id}` })),
    routes: { smart: { primary: 'openai/gpt-5' } },
  },
  dialects: { openai: 'openai' },
  origins: Object.fromEntries(ids.map((id) => [id, 'https://api.openai.com'])),
}

function scenarioOf(window: 'bucket' | 'fixed', seconds: number, retryAfter: 'header' | 'none'): Scenario {
  const firstContentMs = Math.min(700, seconds * 500)
  const outputTokens = 200
  return {
    name: 'H13',
    description: '',
    traffic: { perSecond: PER_SECOND, minutes: MINUTES, route: 'smart', dialect: undefined, isStreaming: true },
    answers: {
      firstContentMs,
      tokensPerSecond: outputTokens / (seconds - firstContentMs / 1_000),
      inputTokens: 800,
      outputTokens,
      spread: 0.1,
      divergesAgain: 0.5,
      divergesElsewhere: 0.9,
    },
    faults: [
      {
        fromMs: 0,
        untilMs: Number.POSITIVE_INFINITY,
        about: { provider: 'openai' },
        limit: { requestsPerMinute: PER_KEY, window, retryAfter, quotaHeaders: false, shared: false },
      },
    ],
  }
}

function sharesOf({ requests }: Journal): Omit<LimitRow, 'name'> {
  const isMeasured = ({ startedAt }: { readonly startedAt: number }): boolean =>
    startedAt >= MEASURED_FROM_MS && startedAt < MEASURED_UNTIL_MS
  const attempts = requests.flatMap((request) => request.attempts).filter(isMeasured)
  const refused = attempts.filter(({ status }) => status === 429).length
  const asked = requests.filter(isMeasured)
  const minutes = (MEASURED_UNTIL_MS - MEASURED_FROM_MS) / 60_000
  return {
    used: (attempts.length - refused) / (KEYS * PER_KEY * minutes),
    refused: refused / attempts.length,
    answered: asked.filter(({ outcome }) => outcome === 'answered').length / asked.length,
  }
}
