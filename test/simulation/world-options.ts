import { type ProfileOptions, presets } from '../../src/index.ts'
import type { ManagerOptions } from './plan.ts'
import { Dice } from './random.ts'
import { GROUPS, inventLimits } from './world-profiles.ts'

export function inventOptions(
  dice: Dice,
  references: readonly string[],
  profiles: readonly ProfileOptions[],
): ManagerOptions {
  const policy = dice.chance(0.8) ? 'evidence' : dice.pick(['rsclaw', 'praisonai'] as const)
  const preset = policy !== 'evidence' && dice.chance(0.5) ? presets[policy] : undefined
  const minDelayMs = dice.magnitude(1, 2_000)
  const ladder = (min: number, max: number): { minMs: number; maxMs: number } => {
    const minMs = dice.magnitude(min, max)
    return { minMs, maxMs: minMs * dice.magnitude(1, 20) }
  }
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
    ...(dice.chance(0.6) && {
      recovery: {
        midStream: dice.pick(['continue', 'continue', 'continue', 'restart', 'off']),
        maxAttempts: dice.pick([1, 2, 4, 8]),
      },
    }),
    ...inventChoice(dice),
    ...preset,
    ...inventRoutes(dice, references),
    order: dice.chance(0.4) ? inventOrder(dice, profiles) : {},
  }
}

/** How targets are chosen, and what limits they share. */
function inventChoice(dice: Dice): ManagerOptions {
  const strategy = dice.pick([
    'priority',
    'priority',
    'round_robin',
    'weighted',
    'least_busy',
    'lowest_latency',
  ] as const)
  return {
    ...(dice.chance(0.5) && { strategy: dice.chance(0.15) ? inventStrategy(dice) : strategy }),
    ...(dice.chance(0.3) && { quotaGroups: { [dice.pick([...GROUPS])]: inventLimits(dice) } }),
    ...(dice.chance(0.5) && { learnLimits: false }),
    ...(dice.chance(0.2) && { contextWindows: { m0: dice.magnitude(1_000, 200_000), m1: 32_000 } }),
    ...(dice.chance(0.15) && { health: { probe: { enabled: true, everyMs: dice.magnitude(100, 10_000) } } }),
    ...(dice.chance(0.5) && { history: { maxRequests: dice.pick([0, 1, 7, 100]) } }),
  }
}

/** Somebody's own: any of them will do, and now and then it makes a mistake. */
function inventStrategy(dice: Dice): ManagerOptions['strategy'] & object {
  const seed = dice.int(0, 0xffff_ffff)
  return {
    name: 'own',
    choose(open, { now }) {
      const own = new Dice(seed ^ now)
      if (own.chance(0.05)) throw new Error('no idea')
      return own.pick(open)
    },
  }
}

function inventRoutes(dice: Dice, references: readonly string[]): ManagerOptions {
  const some = (probability: number, max: number): string[] =>
    dice.chance(probability) ? dice.shuffle(references).slice(0, dice.int(1, max)) : []
  const [primary = 'p0/m0', ...fallbacks] = dice.shuffle(references).slice(0, dice.int(1, 4))
  const smart = {
    primary,
    fallbacks,
    ...(dice.chance(0.2) && { contextWindowFallbacks: some(0.8, 2) }),
    ...(dice.chance(0.2) && { contentPolicyFallbacks: some(0.8, 2) }),
  }
  return { fallbacks: some(0.6, 4), routes: { smart, outer: { primary: 'smart', fallbacks: some(0.5, 2) } } }
}

function inventOrder(dice: Dice, profiles: readonly ProfileOptions[]): Record<string, string[]> {
  const ids = dice.shuffle(profiles.filter(({ id }) => id.startsWith('p0:'))).map(({ id }) => id)
  return ids.length === 0 ? {} : { p0: ids.slice(0, dice.int(1, ids.length)) }
}
