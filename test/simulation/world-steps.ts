import type {
  BindingPlan,
  HandAct,
  LeasePlan,
  Leaving,
  LeavingEvent,
  ProviderPlan,
  Reading,
  RequestPlan,
  Step,
  World,
} from './plan.ts'
import type { Dice } from './random.ts'

interface Traffic {
  readonly requests: number
  readonly startsAt: number
  readonly durationMs: number
  readonly references: readonly string[]
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

const LEAVING_EVENTS: readonly [LeavingEvent, ...LeavingEvent[]] = [
  'attempt_started',
  'attempt_committed',
  'attempt_failed',
  'attempt_canceled',
  'failover',
  'request_waiting',
  'recovery_started',
  'recovery_started',
  'recovery_diverged',
  'recovery_succeeded',
]

export function inventSteps(dice: Dice, traffic: Traffic): Step[] {
  const { requests, startsAt, durationMs } = traffic
  const steps: Step[] = []
  const seed = (): number => dice.int(0, 0xffff_ffff)
  const meddling = dice.pick([0, 0, 0.1, 0.4])
  const machine = inventMachine(dice)
  // Many at once disturb each other; a stream of single ones meets the half-open windows.
  const burst = dice.pick([0, 0.3, 0.8])
  let at = startsAt
  for (let made = 0; made < requests; made += 1) {
    if (!dice.chance(burst)) at = startsAt + Math.floor((durationMs * (made + dice.next())) / requests)
    const soon = (): number => at + dice.int(0, 500)
    steps.push({ at, seed: seed(), do: 'request', request: inventRequest(dice, traffic) })
    if (dice.chance(meddling)) steps.push({ at: soon(), seed: seed(), do: 'hand', act: dice.pick(HAND_ACTS) })
    if (dice.chance(machine.jumps)) steps.push({ at, seed: seed(), do: 'jump', ms: dice.magnitude(100, 120_000) })
    if (dice.chance(machine.settings))
      steps.push({ at, seed: seed(), do: 'set_clock', ms: dice.pick([-1, 1]) * dice.magnitude(100, 3_600_000) })
    if (dice.chance(machine.restarts)) steps.push({ at: soon(), seed: seed(), do: 'restart' })
    if (dice.chance(0.1)) steps.push({ at: soon(), seed: seed(), do: 'lease', lease: inventLease(dice, traffic) })
  }
  return steps.sort((a, b) => a.at - b.at)
}

/** How often the machine sleeps, has its clock set, and loses the process, for each request. Mostly never. */
function inventMachine(dice: Dice): { readonly jumps: number; readonly settings: number; readonly restarts: number } {
  return {
    jumps: dice.chance(0.15) ? 0.1 : 0,
    settings: dice.chance(0.1) ? 0.1 : 0,
    restarts: dice.chance(0.1) ? dice.pick([0.03, 0.1]) : 0,
  }
}

function inventLease(dice: Dice, { providers, models }: Traffic): LeasePlan {
  return {
    ...(dice.chance(0.7) && { provider: dice.pick(['p0', ...providers.map(({ name }) => name)]) }),
    ...(dice.chance(0.7) && { model: dice.pick([...models]) }),
    end: dice.pick(['succeed', 'fail', 'fail', 'release', 'dispose', 'forget'] as const),
    afterMs: dice.magnitude(1, 10_000),
  }
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
      : { upon: dice.pick(LEAVING_EVENTS) }
  return {
    door: dice.chance(0.7) ? 'call' : 'run',
    model: dice.chance(0.7) ? usual : (dice.maybe(references) ?? 'p0/m0'),
    reading,
    ...(dice.chance(0.1) && { fallbacks: dice.chance(0.5) ? [] : dice.shuffle(references).slice(0, 2) }),
    ...(dice.chance(0.3) && { deadlineMs: dice.magnitude(20, 120_000) }),
    ...(dice.chance(0.2) && { sessionKey: `s${dice.int(0, 5)}` }),
    ...(dice.chance(0.1) && { guess: { key: `g${dice.int(0, 3)}`, isNamed: dice.chance(0.5) } }),
    ...(dice.chance(0.1) && { binding: inventBinding(dice) }),
    ...(dice.chance(0.15) && { estimatedTokens: dice.magnitude(1, 500) }),
    ...(dice.chance(0.3) && { guessedTokens: dice.magnitude(1, 100) }),
    ...(leaving !== undefined && { leaving }),
  }
}

function inventBinding(dice: Dice): BindingPlan {
  return {
    of: dice.chance(0.8) ? 'earlier' : 'unknown',
    scope: dice.pick(['profile', 'quota_group', 'vendor']),
    isDroppable: dice.chance(0.3),
  }
}
