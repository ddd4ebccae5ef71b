import type { ProfileOptions } from '../../src/index.ts'
import type { Fault } from './faults.ts'
import type { ManagerOptions, ProviderPlan, RecoveryPlan, RequestPlan, Step, World } from './plan.ts'

/** A list in a world of which pieces may be left out. */
export interface Part<Item = unknown> {
  of(world: World): readonly Item[]
  withOnly(world: World, items: readonly Item[]): World
}

const STEPS: Part<Step> = { of: ({ steps }) => steps, withOnly: (world, steps) => ({ ...world, steps }) }
const FAULTS: Part<Fault> = { of: ({ faults }) => faults, withOnly: (world, faults) => ({ ...world, faults }) }

/** What names a profile that is left out goes with it. */
const PROFILES: Part<ProfileOptions> = {
  of: ({ profiles }) => profiles,
  withOnly(world, profiles) {
    const isLeft = (id: string): boolean => profiles.some((profile) => profile.id === id)
    const { order = {}, ...options } = world.options
    const kept = Object.entries(order).map(([provider, ids]) => [provider, ids.filter(isLeft)] as const)
    return {
      ...world,
      profiles,
      disabled: world.disabled.filter(isLeft),
      options: { ...options, order: Object.fromEntries(kept.filter(([, ids]) => ids.length > 0)) },
    }
  },
}

/** The first provider stays: others stand in for those that are gone. */
const PROVIDERS: Part<ProviderPlan> = {
  of: ({ providers }) => providers.slice(1),
  withOnly(world, others) {
    const providers = [...world.providers.slice(0, 1), ...others]
    const isOfThem = ({ id }: ProfileOptions): boolean => providers.some(({ name }) => id.startsWith(`${name}:`))
    return { ...PROFILES.withOnly(world, world.profiles.filter(isOfThem)), providers }
  },
}

const DISABLED: Part<string> = {
  of: ({ disabled }) => disabled,
  withOnly: (world, disabled) => ({ ...world, disabled }),
}

const FALLBACKS: Part<string> = {
  of: ({ options }) => options.fallbacks ?? [],
  withOnly: (world, fallbacks) => ({ ...world, options: { ...world.options, fallbacks } }),
}

export const PARTS: readonly Part[] = [STEPS, FAULTS, PROVIDERS, PROFILES, DISABLED, FALLBACKS]

/** Worlds that are each a little simpler than this one: something is left out, or some time is shorter. */
export function simpler(world: World): World[] {
  const { options, providers, profiles, steps, faults, models } = world
  return [
    ...simplerOptions(options).map((each) => ({ ...world, options: each })),
    ...each(providers, simplerProvider).map((changed) => ({ ...world, providers: changed })),
    ...each(profiles, simplerProfile).map((changed) => ({ ...world, profiles: changed })),
    ...each(steps, simplerStep).map((changed) => ({ ...world, steps: changed })),
    ...each(faults, (fault) => simplerFault(fault, world)).map((changed) => ({ ...world, faults: changed })),
    ...(models.length > 1 ? [{ ...world, models: [models[0]] as const }] : []),
    ...shorter(world),
  ]
}

/** The list with one item changed, for every change there is. */
function each<Item>(items: readonly Item[], changesOf: (item: Item) => Item[]): Item[][] {
  return items.flatMap((item, index) => changesOf(item).map((changed) => items.with(index, changed)))
}

function simplerOptions(options: ManagerOptions): ManagerOptions[] {
  const { routes = {}, ...others } = options
  return [
    ...leavingOut(options),
    ...leavingOut(routes).map((fewer) => ({ ...others, routes: fewer })),
    ...Object.entries(routes).flatMap(([name, route]) =>
      leavingOut(route, ['primary']).map((simple) => ({ ...others, routes: { ...routes, [name]: simple } })),
    ),
    ...Object.entries(others).flatMap(([name, group]) =>
      isGroup(group) ? leavingOut(group).map((fewer) => ({ ...options, [name]: fewer })) : [],
    ),
  ]
}

function isGroup(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Models that go on with an answer in the simplest way. */
const PLAIN_RECOVERY: RecoveryPlan = { known: 'unsaid', prefill: 'takes', space: 'keeps', wanders: 0, isSteady: true }

function simplerProvider(provider: ProviderPlan): ProviderPlan[] {
  const { recovery } = provider
  const fewer = leavingOut(provider, ['name', 'dialect', 'isRegistered', 'ignoresSignals'])
  if (recovery === undefined) return fewer
  const names = (Object.keys(PLAIN_RECOVERY) as (keyof RecoveryPlan)[]).filter(
    (name) => recovery[name] !== PLAIN_RECOVERY[name],
  )
  return [...fewer, ...names.map((name) => ({ ...provider, recovery: { ...recovery, [name]: PLAIN_RECOVERY[name] } }))]
}

function simplerProfile(profile: ProfileOptions): ProfileOptions[] {
  const { limits, ...others } = profile
  return [
    ...leavingOut(profile, ['id']),
    ...(limits === undefined ? [] : leavingOut(limits).map((fewer) => ({ ...others, limits: fewer }))),
  ]
}

function simplerStep(step: Step): Step[] {
  if (step.do === 'lease') return leavingOut(step.lease, ['end', 'afterMs']).map((lease): Step => ({ ...step, lease }))
  return step.do === 'request' ? simplerRequest(step.request).map((request): Step => ({ ...step, request })) : []
}

function simplerRequest(request: RequestPlan): RequestPlan[] {
  const plain = { mode: 'all', pauseMs: 0, events: 0 } as const
  return [
    ...leavingOut(request, ['door', 'model', 'reading']),
    ...(request.door === 'call' ? [{ ...request, door: 'run' as const }] : []),
    ...(request.reading.mode === 'all' ? [] : [{ ...request, reading: plain }]),
  ]
}

function simplerFault(fault: Fault, { startsAt, endsAt }: World): Fault[] {
  const { ratio, ...always } = fault
  return [
    ...(ratio === undefined ? [] : [always]),
    ...(fault.from === startsAt ? [] : [{ ...fault, from: startsAt }]),
    ...(fault.until === endsAt ? [] : [{ ...fault, until: endsAt }]),
  ]
}

/** All of it in half the time, or one step at once after the one before. */
function shorter(world: World): World[] {
  const { startsAt, steps, faults, endsAt } = world
  if (endsAt - startsAt < 2) return []
  const half = (at: number): number => startsAt + Math.floor((at - startsAt) / 2)
  const ofAll = {
    ...world,
    endsAt: half(endsAt),
    steps: steps.map((step) => ({ ...step, at: half(step.at) })),
    faults: faults.map((fault) => ({ ...fault, from: half(fault.from), until: half(fault.until) })),
  }
  const ofOne = steps.flatMap((step, index) => {
    const at = steps[index - 1]?.at ?? startsAt
    return step.at === at ? [] : [{ ...world, steps: steps.with(index, { ...step, at }) }]
  })
  return [...ofOne, ofAll]
}

/** The same without one of its fields, for each that may be missing. */
function leavingOut<Fields extends object>(fields: Fields, needed: readonly (keyof Fields)[] = []): Fields[] {
  const names = (Object.keys(fields) as (keyof Fields)[]).filter((name) => !needed.includes(name))
  return names.map((name) => {
    const { [name]: _, ...rest } = fields
    return rest as Fields
  })
}
