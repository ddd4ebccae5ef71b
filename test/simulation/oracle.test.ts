import { expect, test } from 'vitest'
import type { FailoverEvent } from '../../src/index.ts'
import { BROKEN_RULES } from './broken-rules.ts'
import { KEY_MARK } from './faults.ts'
import { deriveSeed } from './random.ts'
import { RULES, type Rule } from './records.ts'
import { runWorld } from './simulation.ts'
import type { Stage, Tampering } from './stage.ts'

type Tamper = NonNullable<Tampering['event']>

/** Worlds that a broken behaviour is given to show itself. */
const WORLDS = 150

/** Behaviours that are broken on purpose, between the engine and the oracle, and the rule that must notice. */
const BROKEN: readonly (readonly [name: string, rule: Rule, tampering: Tampering])[] = [
  ['an attempt is never ended', 'attempts_have_one_end_each', { event: without('attempt_failed') }],
  ['an attempt ends twice', 'attempts_have_one_end_each', { event: twice('attempt_succeeded') }],
  ['a request has two outcomes', 'one_outcome_each', { event: twice('request_failed') }],
  ['a request has no outcome', 'one_outcome_each', { event: without('request_succeeded') }],
  ['attempts are miscounted', 'one_outcome_each', { event: changed('request_succeeded', { attempts: 99 }) }],
  ['an attempt is sent twice', 'provider_and_events_agree', { reception: (reception) => [reception, reception] }],
  ['nobody is asked', 'nobody_is_condemned_unasked', { reception: () => [] }],
  ['an attempt is not told', 'provider_and_events_agree', { event: without('attempt_started') }],
  ['cooling targets are tried', 'cooling_is_left_alone', { event: changed('cooldown_started', { until: 4e12 }) }],
  ['a trial is not taken', 'one_trial_at_a_time', { event: changed('attempt_started', { kind: 'regular' }) }],
  ['nobody waits for the trial', 'one_trial_at_a_time', { event: without('cooldown_ended') }],
  ['windows grow by what was under way', 'windows_are_not_lengthened', { event: twice('cooldown_started') }],
  ['the ladder is climbed in leaps', 'windows_keep_their_bounds', { event: changed('cooldown_started', { rung: 7 }) }],
  ['panic breaks into every window', 'panic_is_rare', { believed: { policy: 'rsclaw' } }],
  ['the budget is overdrawn', 'budget_holds', { believed: { budget: { maxAttempts: 1 } } }],
  ['recovery has no budget', 'recovery_has_its_budget', { believed: { recovery: { maxAttempts: 1 } } }],
  ['what is off is gone on with', 'recovery_is_as_agreed', { believed: { recovery: { midStream: 'off' } } }],
  ['recovery begins unheard', 'recoveries_have_one_end_each', { event: without('recovery_started') }],
  ['recovery succeeds twice', 'recoveries_have_one_end_each', { event: twice('recovery_succeeded') }],
  ['recovery fails unheard', 'broken_answers_say_so', { event: without('recovery_failed') }],
  [
    'everybody gets a prefill',
    'prefills_go_where_they_are_taken',
    { believed: { recovery: { midStream: 'restart' } } },
  ],
  ['who says something else is condemned', 'other_answers_condemn_nobody', { event: condemnDiverged }],
  ['answers are mixed up', 'answers_are_of_a_piece', { reception: (each) => [{ ...each, text: '<-0.7>' }] }],
  [
    'an answer is said to be complete that is not',
    'answers_are_whole',
    { reception: (each) => [{ ...each, text: `${each.text}<` }] },
  ],
  ['a target is tried again and again', 'tries_of_a_target_hold', { believed: { retry: { attempts: 1 } } }],
  ['a deadline is ignored', 'nothing_is_tried_too_late', { event: changed('request_started', { deadlineAt: 1 }) }],
  [
    'limits are ignored',
    'limits_hold',
    { setUp: (stage) => configure(stage, () => ({ limits: { maxConcurrent: 1 } })) },
  ],
  [
    'the order is ignored',
    'first_in_order_goes_first',
    { setUp: (stage) => configure(stage, (n) => ({ priority: -n })) },
  ],
  ['what is disabled is tried', 'out_of_use_is_left_alone', { setUp: believeDisabled }],
  ['an open target is ignored', 'open_targets_are_not_ignored', { setUp: disableSecretly }],
  [
    'good answers count as failures',
    'healthy_answers_succeed',
    { reception: (each) => [{ ...each, fault: undefined }] },
  ],
  [
    'the caller hears something else',
    'caller_and_events_agree',
    { event: changed('request_failed', { code: 'TIMEOUT' }) },
  ],
  [
    'errors tell another story',
    'errors_tell_the_attempts',
    { event: changed('attempt_canceled', { target: other() }) },
  ],
  ['in-flight counts drift', 'status_agrees', { setUp: (stage) => countOneMore(stage) }],
  ['a timer is left behind', 'nothing_is_left_behind', { setUp: ({ clock }) => void clock.setTimer(() => {}, 1e15) }],
  ['a key is told', 'keys_are_not_shown', { event: changed('request_waiting', { cause: `${KEY_MARK}1` }) }],
  ['a profile never comes back', 'everything_comes_back', { setUp: breakLastProfile }],
  ['the manager breaks down', 'nothing_breaks_down', { setUp: breakStatus }],
]

test.each(BROKEN)('the oracle notices when %s', async (_, rule, tampering) => {
  const noticed = new Set<Rule>()
  for (let index = 0; index < WORLDS && !noticed.has(rule); index += 1) {
    const { violations } = await runWorld(deriveSeed(1, index), 40, tampering)
    for (const violation of violations) noticed.add(violation.rule)
  }
  expect([...noticed]).toContain(rule)
})

test('every invariant notices something', () => {
  const noticing = new Set<Rule>([
    ...BROKEN.map(([, rule]) => rule),
    ...BROKEN_RULES.flatMap(({ caughtBy }) => caughtBy),
  ])
  expect([...noticing].sort()).toEqual([...RULES].sort())
})

test('the same seed makes the same world again', async () => {
  const [first, second] = [await runWorld(7, 40), await runWorld(7, 40)]
  expect(second).toEqual(first)
})

function without(type: FailoverEvent['type']): Tamper {
  return (event) => (event.type === type ? [] : [event])
}

function twice(type: FailoverEvent['type']): Tamper {
  return (event) => (event.type === type ? [event, event] : [event])
}

function changed(type: FailoverEvent['type'], change: object): Tamper {
  return (event) => [event.type === type ? { ...event, ...change } : event]
}

/** Whoever differs is out for it. */
function condemnDiverged(event: FailoverEvent): readonly FailoverEvent[] {
  if (event.type !== 'recovery_diverged') return [event]
  const { at, requestId, target } = event
  const window = { scope: 'target', key: `${target.profile} ${target.model}`, kind: 'error', end: 'inferred' } as const
  return [event, { type: 'cooldown_started', at, requestId, ...window, reason: 'unknown', until: at + 1_000, rung: 0 }]
}

function other(): object {
  return { provider: 'p9', model: 'm9', profile: 'p9:k9' }
}

function configure({ oracle: { mirror } }: Stage, change: (place: number) => object): void {
  for (const [place, { options }] of mirror.profiles.entries()) mirror.update(options.id, change(place))
}

function believeDisabled({ oracle }: Stage): void {
  for (const profile of oracle.mirror.profiles) profile.isDisabled = true
}

function disableSecretly({ manager }: Stage): void {
  manager.registry.disable('p1', 'nobody is told')
}

function breakStatus({ manager }: Stage): void {
  manager.status = () => {
    throw new Error('broken')
  }
}

function countOneMore({ oracle }: Stage): void {
  for (const { meter } of oracle.mirror.profiles) meter.begin(0, 0)
}

/** Whoever asks after the end is not answered. */
function breakLastProfile(stage: Stage): void {
  const provider = stage.provider.bind(stage)
  stage.provider = (name) => {
    if (stage.hasEnded) throw new Error('gone for good')
    return provider(name)
  }
}
