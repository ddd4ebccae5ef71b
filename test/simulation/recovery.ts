import { FailoverManager, type ModelStatus, type ProfileStatus, type WindowKind } from '../../src/index.ts'
import { describe } from './attempt-rules.ts'
import { ask } from './callers.ts'
import { errorOf, type FaultKind } from './faults.ts'
import { type KnownProfile, scopesOf } from './mirror.ts'
import type { ManagerOptions } from './plan.ts'
import { Dice } from './random.ts'
import type { Stage } from './stage.ts'

const DAY = 86_400_000
/** Everything that is counted in minutes has been forgotten. */
const LIMITS_ARE_FREE_MS = 125_000
/** Whoever reads slowly has come to the end. */
const SLOWEST_READER_MS = 120_000
/** What was learnt of limits has been forgotten. */
const LESSONS_ARE_FORGOTTEN_MS = 400_000
/** No trial takes longer, and no failures count together over more than this. */
const TRIAL_MS = 30_000

/** What opens windows of each kind, of every scope that there is. */
const FAILURES: Readonly<Record<WindowKind, readonly FaultKind[]>> = {
  rateLimit: ['rate_limit', 'account_limit'],
  billing: ['billing'],
  permission: ['permission', 'not_found'],
  breaker: ['overloaded', 'refused'],
  error: ['plain_error'],
  auth: ['auth'],
}

/** The faults are over and time has passed: nothing may be left behind, and everything must be back. */
export async function recover(stage: Stage): Promise<void> {
  const { time, oracle, world, violations } = stage
  const { requestMs = 900_000, attemptMs = 600_000 } = world.options.timeouts ?? {}
  stage.hasEnded = true
  await time.advance(Math.max(0, world.endsAt - time.now()) + requestMs + attemptMs + SLOWEST_READER_MS)
  checkNothingLeft(stage)
  oracle.rest()
  stage.compareStatus()
  oracle.close()
  oracle.remember(stage.manager.recentRequests())
  if (violations.length > 0) return
  await Promise.all(stage.underWay)
  await time.advance(longestWindowMs(world.options) + TRIAL_MS)
  await askEverybody(stage)
  checkNothingLeft(stage)
  oracle.close()
  checkFresh(stage)
  if (violations.length === 0) await failOnce(stage)
}

function checkNothingLeft({ clock, oracle, manager }: Stage): void {
  const { pendingTimers } = clock
  if (pendingTimers > 0) oracle.report('nothing_is_left_behind', `${pendingTimers} timers are pending`)
  for (const { id, inFlight } of manager.status().profiles)
    if (inFlight !== 0) oracle.report('nothing_is_left_behind', `${id} still has ${inFlight} in flight`)
}

/** No window is longer. */
function longestWindowMs({ cooldown = {} }: ManagerOptions): number {
  const { maxHintMs = DAY, ...ladders } = cooldown
  const kinds = ['rateLimit', 'breaker', 'billing', 'auth', 'permission', 'error'] as const
  return Math.max(maxHintMs, LESSONS_ARE_FORGOTTEN_MS, ...kinds.map((kind) => ladders[kind]?.maxMs ?? DAY))
}

/** Asks every profile that is in use for something, on every model that something stands against. */
async function askEverybody(stage: Stage): Promise<void> {
  for (const profile of inUse(stage)) {
    for (const model of modelsOf(stage, profile)) await askOne(stage, profile, model)
  }
}

async function askOne(stage: Stage, { provider, options: { id } }: KnownProfile, model: string): Promise<void> {
  const { time, oracle, latest } = stage
  const plan = {
    door: 'run',
    model: `${provider}/${model}@${id}`,
    fallbacks: [],
    reading: { mode: 'all', pauseMs: 0, events: 0 },
  } as const
  const before = oracle.callers.length
  const asked = ask(stage, plan, before)
  await time.advance(LIMITS_ARE_FREE_MS)
  await asked
  const served = latest.findLast(({ type }) => type === 'request_succeeded')
  const isServed = oracle.callers[before]?.ending?.kind === 'succeeded'
  if (!isServed || served?.type !== 'request_succeeded' || served.target.profile !== id)
    oracle.report('everything_comes_back', `${id} did not serve ${model} after all faults had ended`)
}

function inUse({ oracle: { mirror } }: Stage): KnownProfile[] {
  return mirror.everyProfile.filter(
    (profile) => !profile.isDisabled && mirror.stateOf(profile.provider) === 'registered',
  )
}

function modelsOf({ world, oracle }: Stage, profile: KnownProfile): string[] {
  const named = [...oracle.windows].flatMap(({ started: { key } }) => {
    const space = key.indexOf(' ')
    return space < 0 ? [] : [key.slice(space + 1)]
  })
  const isAgainst = (model: string): boolean => {
    const scopes = scopesOf({ profile, model })
    return [...oracle.windows].some(({ started }) => scopes.has(`${started.scope} ${started.key}`))
  }
  return [...new Set([world.models[0], ...[...world.models, ...named].filter(isAgainst)])]
}

/** Nothing is known any more that a manager without a past would not know. */
function checkFresh(stage: Stage): void {
  const { oracle, manager, world } = stage
  const profiles = inUse(stage)
  for (const window of oracle.windows) {
    const { scope, key } = window.started
    const space = key.indexOf(' ')
    const model = space < 0 ? '' : key.slice(space + 1)
    if (profiles.some((profile) => scopesOf({ profile, model }).has(`${scope} ${key}`)))
      oracle.report('recovery_is_complete', `${describe(window, stage.now())} is still known of`)
  }
  const { order: _, ...options } = world.options
  const fresh = new FailoverManager({
    ...options,
    profiles: oracle.mirror.profiles.map((profile) => profile.options),
    clock: stage.clock,
  })
  const expected = new Map(fresh.status().profiles.map((view) => [view.id, healthOf(view)]))
  const ids = profiles.map((profile) => profile.options.id)
  for (const view of manager.status().profiles) {
    if (!ids.includes(view.id)) continue
    const health = healthOf(view)
    if (health !== expected.get(view.id))
      oracle.report('recovery_is_complete', `${view.id} is ${health}, and one without a past ${expected.get(view.id)}`)
    const model = view.models.find((each) => !isWell(each))
    if (model !== undefined) oracle.report('recovery_is_complete', `${view.id} is ${JSON.stringify(model)}`)
  }
}

function healthOf({ status, reason, since, until, clearedBy, consecutiveFailures, inFlight }: ProfileStatus): string {
  return JSON.stringify({ status, reason, since, until, clearedBy, consecutiveFailures, inFlight })
}

function isWell({ model: _, status, ...rest }: ModelStatus): boolean {
  return status === 'available' && Object.values(rest).every((value) => value === undefined)
}

/** What was out once fails once more, and finds no ladder half climbed: whoever hears of the windows sees to that. */
async function failOnce(stage: Stage): Promise<void> {
  const { manager, time, world, oracle } = stage
  for (const profile of inUse(stage)) {
    const [model] = world.models
    for (const kind of oracle.everOut({ profile, model })) {
      for (const fault of FAILURES[kind])
        manager.markFailure(profile.options.id, errorOf(fault, new Dice(1), undefined), { model })
    }
    await time.advance(TRIAL_MS)
  }
}
