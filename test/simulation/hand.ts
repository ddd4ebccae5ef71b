import type { ProfileOptions } from '../../src/index.ts'
import { errorOf, FAULT_KINDS, inventKey, shownKey } from './faults.ts'
import type { HandAct } from './plan.ts'
import { Dice } from './random.ts'
import type { Stage } from './stage.ts'
import { inventLimits, inventProfile, withKeySource } from './world-profiles.ts'

/** Does what an operator may do at any time, and keeps the oracle's mirror in step. */
export function meddle(stage: Stage, act: HandAct, seed: number): void {
  const { manager, oracle, world } = stage
  const { mirror } = oracle
  const dice = new Dice(seed)
  const [name = 'p0', ...others] = dice.shuffle(world.providers.map((provider) => provider.name))
  const profile = dice.maybe(mirror.profiles)?.options
  const model = dice.chance(0.7) ? dice.pick([...world.models]) : undefined
  switch (act) {
    case 'disable_provider':
      if (others.length === 0 || mirror.stateOf(name) !== 'registered') return
      manager.registry.disable(name, 'switched off')
      oracle.setProvider(name, 'disabled')
      return
    case 'register_provider':
      manager.registry.register(name, stage.provider(name))
      oracle.setProvider(name, 'registered')
      return
    case 'reset_all':
      manager.resetAll()
      oracle.forgotten()
      for (const { options } of mirror.profiles) oracle.setDisabled(options.id, false)
      return
    case 'look':
      look(stage, name, model)
      return
    case 'add': {
      const added = inventProfile(dice, name, dice.pick(['k0', 'k9', 'default']), world.models)
      if (mirror.profiles.some(({ options }) => options.id === added.id)) return
      manager.addProfile(withKeySource(added, stage.clock, () => stage.hasEnded))
      oracle.added(added)
      return
    }
  }
  if (profile === undefined) return
  const { id } = profile
  switch (act) {
    case 'fail': {
      const key = typeof profile.apiKey === 'string' ? profile.apiKey : undefined
      const failure = manager.markFailure(id, errorOf(dice.pick([...FAULT_KINDS]), dice, key), {
        ...(model !== undefined && { model }),
        ...(dice.chance(0.2) && { isRateLimit: true }),
        ...(dice.chance(0.2) && { retryAfterMs: dice.magnitude(1, 60_000) }),
      })
      const shown = shownKey(JSON.stringify(failure))
      if (shown !== undefined) oracle.report('keys_are_not_shown', `by markFailure(${id}): ${shown}`)
      return
    }
    case 'succeed':
      manager.markSuccess(id, model === undefined ? {} : { model })
      oracle.forgotten()
      return
    case 'reset':
      manager.reset(id)
      oracle.forgotten()
      return
    case 'disable':
      stage.disable(id)
      return
    case 'enable':
      stage.enable(id)
      return
    case 'change_key':
      update(stage, id, { apiKey: inventKey(dice) })
      oracle.keyChanged(id, stage.now())
      return
    case 'change_limits':
      update(stage, id, { limits: inventLimits(dice), priority: dice.int(-1, 2) })
      return
    case 'move':
      update(stage, id, { baseUrl: `https://${dice.pick(['a', 'c'])}.example/v2`, quotaGroup: 'org-a' })
      return
    case 'remove':
      manager.removeProfile(id)
      oracle.removed(id)
      return
    default:
      throw new Error(`${act} is not known`)
  }
}

function update({ manager, oracle }: Stage, id: string, patch: Partial<Omit<ProfileOptions, 'id'>>): void {
  manager.updateProfile(id, patch)
  oracle.updated(id, patch)
}

function look(stage: Stage, provider: string, model: string | undefined): void {
  const { manager, oracle } = stage
  oracle.examine(manager.status())
  const query = { provider, ...(model !== undefined && { model }) }
  const next = manager.getNextProfile(query)
  const at = manager.nextAvailableAt(query)
  const now = stage.now()
  if (next !== undefined) oracle.offered({ ...query, model: model ?? next.model ?? '', profile: next.id }, now)
  if (at !== undefined && at < now) oracle.report('status_agrees', `nextAvailableAt is ${now - at} ms ago`)
  if (next !== undefined && at !== now)
    oracle.report('status_agrees', `${next.id} is next at once, and nextAvailableAt is ${at} at ${now}`)
}
