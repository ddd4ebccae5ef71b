import type { ApiKeyGrant, ApiKeySource, ProfileLimits, ProfileOptions } from '../../src/index.ts'
import { inventKey } from './faults.ts'
import type { World } from './plan.ts'
import type { ProcessClock } from './process-clock.ts'
import { Dice, deriveSeed } from './random.ts'

export const ORIGINS = ['https://a.example', 'https://b.example:8443', 'http://127.0.0.1:11434'] as const
export const GROUPS = ['org-a', 'org-b'] as const

export function inventProfile(dice: Dice, provider: string, name: string, models: World['models']): ProfileOptions {
  return {
    id: `${provider}:${name}`,
    ...(dice.chance(0.9) && { apiKey: dice.chance(0.15) ? FETCHED : inventKey(dice) }),
    ...(dice.chance(0.6) && { baseUrl: `${dice.pick([...ORIGINS])}/v1/${provider}` }),
    ...(dice.chance(0.3) && { model: dice.pick([...models]) }),
    ...(dice.chance(0.4) && { priority: dice.int(-1, 2) }),
    ...(dice.chance(0.2) && { weight: dice.magnitude(1, 20) }),
    ...(dice.chance(0.35) && { quotaGroup: dice.pick([...GROUPS]) }),
    ...(dice.chance(0.4) && { limits: inventLimits(dice) }),
  }
}

/** Stands for a key that is fetched, by a function of which every life of the process has its own. */
const FETCHED: ApiKeySource = () => {
  throw new Error('nobody has replaced it')
}

/** The same profile with a function that fetches its key, if it is to have one. */
export function withKeySource(profile: ProfileOptions, clock: ProcessClock, isOver: () => boolean): ProfileOptions {
  if (profile.apiKey !== FETCHED) return profile
  const dice = new Dice([...profile.id].reduce((seed, letter) => deriveSeed(seed, letter.charCodeAt(0)), 0))
  return { ...profile, apiKey: () => fetchKey(dice, clock, isOver()) }
}

/** It takes its time, and it may fail, but not for ever. */
async function fetchKey(dice: Dice, clock: ProcessClock, isOver: boolean): Promise<ApiKeyGrant> {
  const delayMs = dice.chance(0.5) ? 0 : dice.magnitude(1, 15_000)
  const isFailing = dice.chance(0.15)
  if (!isOver) await clock.sleep(delayMs)
  if (isFailing && !isOver) throw new Error('the vault is closed')
  return { value: inventKey(dice), expiresAt: clock.now() + dice.magnitude(1_000, 900_000) }
}

export function inventLimits(dice: Dice): ProfileLimits {
  return {
    ...(dice.chance(0.6) && { maxConcurrent: dice.int(1, 4) }),
    ...(dice.chance(0.4) && { requestsPerMinute: dice.magnitude(1, 60) }),
    ...(dice.chance(0.2) && { tokensPerMinute: dice.magnitude(1, 2_000) }),
  }
}
