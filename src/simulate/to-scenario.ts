import type { Fault, Scenario } from './scenario.ts'
import type { ScenarioFile } from './scenario-schema.ts'

const DEFAULT_TRAFFIC = { perSecond: 2, minutes: 60, streaming: true } as const
const DEFAULT_ANSWERS = {
  firstContentMs: 700,
  tokensPerSecond: 80,
  inputTokens: 800,
  outputTokens: 240,
  spread: 0.35,
  divergesAgain: 0.5,
  divergesElsewhere: 0.9,
} as const
const DEFAULT_LIMIT = { window: 'bucket', retryAfter: 'header', quotaHeaders: false, shared: false } as const

/** A checked file with every default filled in. */
export function toScenario(name: string, file: ScenarioFile): Scenario {
  const { perSecond, minutes, streaming, route, dialect } = {
    ...DEFAULT_TRAFFIC,
    route: undefined,
    dialect: undefined,
    ...file.traffic,
  }
  return {
    name,
    description: file.description ?? '',
    traffic: { perSecond, minutes, route, dialect, isStreaming: streaming },
    answers: { ...DEFAULT_ANSWERS, ...file.answers },
    faults: (file.faults ?? []).map(toFault),
  }
}

function toFault({
  from = 0,
  until = Number.POSITIVE_INFINITY,
  every,
  for: lasting,
  provider,
  profile,
  model,
  origin,
  limit,
  ...rest
}: NonNullable<ScenarioFile['faults']>[number]): Fault {
  return {
    ...rest,
    fromMs: from,
    untilMs: until,
    ...(every !== undefined && lasting !== undefined && { repeat: { everyMs: every, forMs: lasting } }),
    about: {
      ...(provider !== undefined && { provider }),
      ...(profile !== undefined && { profile }),
      ...(model !== undefined && { model }),
      ...(origin !== undefined && { origin }),
    },
    ...(limit !== undefined && { limit: { ...DEFAULT_LIMIT, ...limit } }),
  }
}
