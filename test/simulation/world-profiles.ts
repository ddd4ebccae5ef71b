import type { ApiKeyGrant, ProfileLimits, ProfileOptions } from '../../src/index.ts'
import { inventKey } from './faults.ts'
import type { World } from './plan.ts'
import type { Dice } from './random.ts'

export const ORIGINS = ['https://a.example', 'https://b.example:8443', 'http://127.0.0.1:11434'] as const
export const GROUPS = ['org-a', 'org-b'] as const

export function inventProfile(
  dice: Dice,
  provider: string,
  name: string,
  models: World['models'],
  startsAt: number,
): ProfileOptions {
  return {
    id: `${provider}:${name}`,
    ...(dice.chance(0.9) && { apiKey: dice.chance(0.1) ? inventKeySource(dice, startsAt) : inventKey(dice) }),
    ...(dice.chance(0.6) && { baseUrl: `${dice.pick([...ORIGINS])}/v1/${provider}` }),
    ...(dice.chance(0.3) && { model: dice.pick([...models]) }),
    ...(dice.chance(0.4) && { priority: dice.int(-1, 2) }),
    ...(dice.chance(0.2) && { weight: dice.magnitude(1, 20) }),
    ...(dice.chance(0.35) && { quotaGroup: dice.pick([...GROUPS]) }),
    ...(dice.chance(0.4) && { limits: inventLimits(dice) }),
  }
}

/** A key that is fetched when it is needed, and soon another. */
function inventKeySource(dice: Dice, startsAt: number): () => Promise<ApiKeyGrant> {
  const own = dice.fork()
  return () => Promise.resolve({ value: inventKey(own), expiresAt: own.int(startsAt, startsAt + 900_000) })
}

export function inventLimits(dice: Dice): ProfileLimits {
  return {
    ...(dice.chance(0.6) && { maxConcurrent: dice.int(1, 4) }),
    ...(dice.chance(0.4) && { requestsPerMinute: dice.magnitude(1, 60) }),
    ...(dice.chance(0.2) && { tokensPerMinute: dice.magnitude(1, 2_000) }),
  }
}
