import type { ProfileOptions } from '../../src/index.ts'
import { FAULT_KINDS, type Fault } from './faults.ts'
import type { ManagerOptions, ProviderPlan, RecoveryPlan, World } from './plan.ts'
import { Dice } from './random.ts'
import { inventOptions } from './world-options.ts'
import { inventProfile, ORIGINS } from './world-profiles.ts'
import { inventSteps } from './world-steps.ts'

const STARTS_AT = Date.UTC(2026, 0, 1)

/** Makes up a world: what there is in it, what goes wrong in it and what is asked of it. */
export function inventWorld(seed: number, requests: number): World {
  const dice = new Dice(seed)
  const durationMs = dice.magnitude(2_000, 900_000)
  const models = dice.pick<[string, ...string[]]>([['m0'], ['m0', 'm1'], ['m0', 'm1', 'm2@beta']])
  const providers = inventProviders(dice)
  const profiles = providers.flatMap((provider) => inventProfiles(dice, provider, models))
  const references = providers.flatMap(({ name }) => [
    ...models.map((model) => `${name}/${model}`),
    ...profiles.filter((profile) => profile.id.startsWith(name)).map(({ id }) => `${name}/${models[0]}@${id}`),
    name,
  ])
  const storm = inventStorm(dice, durationMs)
  const options = inventOptions(dice, references, profiles)
  return {
    seed,
    startsAt: STARTS_AT,
    endsAt: STARTS_AT + durationMs,
    options: storm.length === 0 ? options : insistent(options),
    providers,
    profiles,
    disabled: profiles.filter(() => dice.chance(0.06)).map(({ id }) => id),
    models,
    faults: [
      ...storm,
      ...inventBreaks(dice, models, durationMs),
      ...Array.from({ length: dice.int(0, 10) }, () => inventFault(dice, profiles, models, durationMs)),
    ],
    steps: inventSteps(dice, { requests, startsAt: STARTS_AT, durationMs, references, providers, models }),
  }
}

function inventProviders(dice: Dice): ProviderPlan[] {
  // Where white space comes and goes, nobody can be told from one that begins anew.
  const isTidy = dice.chance(0.5)
  return Array.from({ length: dice.int(1, 4) }, (_, index) => ({
    name: `p${index}`,
    dialect: dice.pick([undefined, 'openai', 'anthropic']),
    isRegistered: index === 0 || dice.chance(0.92),
    ignoresSignals: dice.chance(0.15),
    ...(dice.chance(0.5) && { hasProbe: true }),
    ...(dice.chance(0.85) && { recovery: inventRecovery(dice, isTidy) }),
  }))
}

function inventRecovery(dice: Dice, isTidy: boolean): RecoveryPlan {
  return {
    known: dice.pick(['unsaid', 'unsaid', 'first_model', 'none', 'fails']),
    prefill: isTidy ? dice.pick(['takes', 'refuses', 'ignores']) : dice.pick(['takes', 'takes', 'refuses']),
    space: isTidy ? 'keeps' : dice.pick(['keeps', 'drops', 'changes']),
    wanders: dice.pick([0, 0, 0.3, 0.9]),
    isSteady: dice.chance(0.5),
  }
}

/** None at all for some, which then are served without a key. */
function inventProfiles(dice: Dice, { name }: ProviderPlan, models: World['models']): ProfileOptions[] {
  if (dice.chance(0.08)) return []
  return Array.from({ length: dice.int(1, 4) }, (_, index) => inventProfile(dice, name, `k${index}`, models))
}

/** Now and then everything fails for most of the time, so that everybody tries again. */
function inventStorm(dice: Dice, durationMs: number): Fault[] {
  if (!dice.chance(0.06)) return []
  const from = STARTS_AT + dice.int(0, durationMs / 10)
  return [{ kind: dice.pick(['server_error', 'html_error', 'overloaded', 'reset']), from, until: from + durationMs }]
}

/** Whoever meets a storm with so many tries meets the limits on them, too. */
function insistent(options: ManagerOptions): ManagerOptions {
  return { ...options, retry: { ...options.retry, attempts: 4 }, budget: { maxAttempts: 12 } }
}

/** Answers that break off after they have begun, more or less of them, here or everywhere. */
function inventBreaks(dice: Dice, models: World['models'], durationMs: number): Fault[] {
  if (!dice.chance(0.6)) return []
  return Array.from({ length: dice.int(1, 3) }, (): Fault => {
    const from = STARTS_AT + dice.int(-durationMs / 4, durationMs / 4)
    const about = dice.int(0, 3)
    return {
      kind: dice.pick(['cut', 'cut', 'stall', 'error_midway']),
      ratio: dice.pick([0.2, 0.4, 0.4, 1]),
      from,
      until: from + durationMs,
      ...(about === 1 && { model: dice.pick([...models]) }),
      ...(about >= 2 && { origin: dice.pick<string>([...ORIGINS, 'p0', 'p1']) }),
    }
  })
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
