import { type ApiKeyGrant, type ProfileLimits, type ProfileOptions, presets } from '../../src/index.ts'
import { FAULT_KINDS, type Fault, inventKey } from './faults.ts'
import type { HandAct, Leaving, ManagerOptions, ProviderPlan, Reading, RequestPlan, Step, World } from './plan.ts'
import { Dice } from './random.ts'

const STARTS_AT = Date.UTC(2026, 0, 1)
const ORIGINS = ['https://a.example', 'https://b.example:8443', 'http://127.0.0.1:11434'] as const

/** Makes up a world: what there is in it, what goes wrong in it and what is asked of it. */
export function inventWorld(seed: number, requests: number): World {
  const dice = new Dice(seed)
  const durationMs = dice.magnitude(2_000, 900_000)
  const endsAt = STARTS_AT + durationMs
  const models = dice.pick<[string, ...string[]]>([['m0'], ['m0', 'm1'], ['m0', 'm1', 'm2@beta']])
  const providers = inventProviders(dice)
  const profiles = providers.flatMap((provider) => inventProfiles(dice, provider, models))
  const references = providers.flatMap(({ name }) => [
    ...models.map((model) => `${name}/${model}`),
    ...profiles.filter((profile) => profile.id.startsWith(name)).map(({ id }) => `${name}/${models[0]}@${id}`),
    name,
  ])
  const options = inventOptions(dice, references, profiles)
  return {
    seed,
    startsAt: STARTS_AT,
    endsAt,
    options,
    providers,
    profiles,
    disabled: profiles.filter(() => dice.chance(0.06)).map(({ id }) => id),
    models,
    faults: Array.from({ length: dice.int(0, 10) }, () => inventFault(dice, profiles, models, durationMs)),
    steps: inventSteps(dice, { requests, durationMs, references, options, providers, models }),
  }
}

function inventProviders(dice: Dice): ProviderPlan[] {
  return Array.from({ length: dice.int(1, 4) }, (_, index) => ({
    name: `p${index}`,
    dialect: dice.pick([undefined, 'openai', 'anthropic']),
    isRegistered: index === 0 || dice.chance(0.92),
    ignoresSignals: dice.chance(0.15),
  }))
}

/** None at all for some, which then are served without a key. */
function inventProfiles(dice: Dice, { name }: ProviderPlan, models: World['models']): ProfileOptions[] {
  if (dice.chance(0.08)) return []
  return Array.from({ length: dice.int(1, 4) }, (_, index) => inventProfile(dice, name, `k${index}`, models))
}

export function inventProfile(dice: Dice, provider: string, name: string, models: World['models']): ProfileOptions {
  return {
    id: `${provider}:${name}`,
    ...(dice.chance(0.9) && { apiKey: dice.chance(0.1) ? inventKeySource(dice) : inventKey(dice) }),
    ...(dice.chance(0.6) && { baseUrl: `${dice.pick([...ORIGINS])}/v1/${provider}` }),
    ...(dice.chance(0.3) && { model: dice.pick([...models]) }),
    ...(dice.chance(0.4) && { priority: dice.int(-1, 2) }),
    ...(dice.chance(0.35) && { quotaGroup: dice.pick(['org-a', 'org-b']) }),
    ...(dice.chance(0.4) && { limits: inventLimits(dice) }),
  }
}

/** A key that is fetched when it is needed, and soon another. */
function inventKeySource(dice: Dice): () => Promise<ApiKeyGrant> {
  const own = dice.fork()
  return () => Promise.resolve({ value: inventKey(own), expiresAt: own.int(STARTS_AT, STARTS_AT + 900_000) })
}

export function inventLimits(dice: Dice): ProfileLimits {
  return {
    ...(dice.chance(0.6) && { maxConcurrent: dice.int(1, 4) }),
    ...(dice.chance(0.4) && { requestsPerMinute: dice.magnitude(1, 60) }),
    ...(dice.chance(0.2) && { tokensPerMinute: dice.magnitude(1, 2_000) }),
  }
}

function inventOptions(dice: Dice, references: readonly string[], profiles: readonly ProfileOptions[]): ManagerOptions {
  const policy = dice.chance(0.8) ? 'evidence' : dice.pick(['rsclaw', 'praisonai'] as const)
  const preset = policy !== 'evidence' && dice.chance(0.5) ? presets[policy] : undefined
  const minDelayMs = dice.magnitude(1, 2_000)
  const ladder = (min: number, max: number): { minMs: number; maxMs: number } => {
    const minMs = dice.magnitude(min, max)
    return { minMs, maxMs: minMs * dice.magnitude(1, 20) }
  }
  const some = (probability: number, max: number): string[] =>
    dice.chance(probability) ? dice.shuffle(references).slice(0, dice.int(1, max)) : []
  const [primary = 'p0/m0', ...fallbacks] = dice.shuffle(references).slice(0, dice.int(1, 4))
  return {
    policy,
    retry: {
      attempts: dice.int(1, 4),
      minDelayMs,
      maxDelayMs: minDelayMs * dice.magnitude(1, 30),
      jitter: dice.chance(0.3) ? 0 : dice.next(),
      exponential: dice.chance(0.8),
    },
    budget: { maxAttempts: dice.int(1, 12) },
    wait: { maxMs: dice.pick([0, 500, 10_000, 60_000]), maxQueued: dice.pick([0, 1, 5, 100]) },
    cooldown: {
      rateLimit: ladder(100, 10_000),
      breaker: ladder(20, 3_000),
      billing: ladder(1_000, 60_000),
      auth: ladder(1_000, 60_000),
      permission: ladder(1_000, 60_000),
      error: ladder(100, 10_000),
      maxHintMs: dice.magnitude(1_000, 86_400_000),
    },
    timeouts: {
      firstContentMs: dice.magnitude(400, 60_000),
      responseMs: dice.magnitude(400, 60_000),
      idleMs: dice.magnitude(400, 30_000),
      attemptMs: dice.magnitude(1_000, 120_000),
      requestMs: dice.magnitude(1_000, 300_000),
    },
    rotateOnSuccess: dice.chance(0.3),
    ...preset,
    fallbacks: some(0.6, 4),
    routes: { smart: { primary, fallbacks }, outer: { primary: 'smart', fallbacks: some(0.5, 2) } },
    order: dice.chance(0.4) ? inventOrder(dice, profiles) : {},
  }
}

function inventOrder(dice: Dice, profiles: readonly ProfileOptions[]): Record<string, string[]> {
  const ids = dice.shuffle(profiles.filter(({ id }) => id.startsWith('p0:'))).map(({ id }) => id)
  return ids.length === 0 ? {} : { p0: ids.slice(0, dice.int(1, ids.length)) }
}

function inventFault(
  dice: Dice,
  profiles: readonly ProfileOptions[],
  models: World['models'],
  durationMs: number,
): Fault {
  const profile = dice.maybe(profiles)
  const from = STARTS_AT + dice.int(-durationMs / 4, durationMs)
  const about = dice.int(0, 4)
  return {
    kind: dice.pick([...FAULT_KINDS]),
    from,
    until: from + dice.magnitude(500, durationMs),
    ...(about <= 1 && profile !== undefined && { profile: profile.id }),
    ...((about === 1 || about === 2) && { model: dice.pick([...models]) }),
    ...(about === 3 && { origin: dice.pick<string>([...ORIGINS, 'p0', 'p1']) }),
  }
}

interface Traffic {
  readonly requests: number
  readonly durationMs: number
  readonly references: readonly string[]
  readonly options: ManagerOptions
  readonly providers: readonly ProviderPlan[]
  readonly models: World['models']
}

const HAND_ACTS: readonly [HandAct, ...HandAct[]] = [
  'fail',
  'fail',
  'succeed',
  'reset',
  'reset_all',
  'disable',
  'enable',
  'enable',
  'change_key',
  'change_limits',
  'move',
  'add',
  'remove',
  'disable_provider',
  'register_provider',
  'register_provider',
  'look',
  'look',
]

function inventSteps(dice: Dice, traffic: Traffic): Step[] {
  const { requests, durationMs, providers, models } = traffic
  const steps: Step[] = []
  const meddling = dice.pick([0, 0, 0.1, 0.4])
  const jumping = dice.chance(0.15)
  // Many at once disturb each other; a stream of single ones meets the half-open windows.
  const burst = dice.pick([0, 0.3, 0.8])
  let at = STARTS_AT
  for (let made = 0; made < requests; made += 1) {
    if (!dice.chance(burst)) at = STARTS_AT + Math.floor((durationMs * (made + dice.next())) / requests)
    steps.push({ at, do: 'request', request: inventRequest(dice, traffic) })
    if (dice.chance(meddling)) steps.push({ at: at + dice.int(0, 500), do: 'hand', act: dice.pick(HAND_ACTS) })
    if (jumping && dice.chance(0.1)) steps.push({ at, do: 'jump', ms: dice.magnitude(100, 120_000) })
    if (dice.chance(0.1)) {
      const lease = {
        ...(dice.chance(0.7) && { provider: dice.pick(['p0', ...providers.map(({ name }) => name)]) }),
        ...(dice.chance(0.7) && { model: dice.pick([...models]) }),
        end: dice.pick(['succeed', 'fail', 'fail', 'release', 'dispose', 'forget'] as const),
        afterMs: dice.magnitude(1, 10_000),
      }
      steps.push({ at: at + dice.int(0, 500), do: 'lease', lease })
    }
  }
  return steps.sort((a, b) => a.at - b.at)
}

function inventRequest(dice: Dice, { references, providers }: Traffic): RequestPlan {
  const usual = dice.pick(['smart', 'outer', 'p0/m0', 'm0', ...providers.map(({ name }) => `${name}/m0`)])
  const reading: Reading = {
    mode: dice.chance(0.7) ? 'all' : dice.pick(['slow', 'early', 'never', 'cancel', 'dispose']),
    pauseMs: dice.magnitude(10, 20_000),
    events: dice.int(0, 4),
  }
  const leaving: Leaving | undefined = dice.chance(0.85)
    ? undefined
    : dice.chance(0.7)
      ? { afterMs: dice.chance(0.1) ? 0 : dice.magnitude(1, 20_000) }
      : { upon: dice.pick(['attempt_started', 'attempt_committed', 'attempt_failed', 'failover', 'request_waiting']) }
  return {
    door: dice.chance(0.7) ? 'call' : 'run',
    model: dice.chance(0.7) ? usual : (dice.maybe(references) ?? 'p0/m0'),
    reading,
    ...(dice.chance(0.1) && { fallbacks: dice.chance(0.5) ? [] : dice.shuffle(references).slice(0, 2) }),
    ...(dice.chance(0.3) && { deadlineMs: dice.magnitude(20, 120_000) }),
    ...(dice.chance(0.2) && { sessionKey: `s${dice.int(0, 5)}` }),
    ...(leaving !== undefined && { leaving }),
  }
}
