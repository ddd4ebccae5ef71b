import type { FailoverEvent } from '../../src/index.ts'
import type { Violation } from './records.ts'
import { nameOf } from './records.ts'
import type { Stage } from './stage.ts'

/** What a person needs to see what went wrong: the world, the latest events, the rule that was broken. */
export function storyOf({ world, latest, clock }: Stage, { rule, text }: Violation): string {
  const { seed, options, providers, profiles, startsAt, faults } = world
  const { policy, retry, budget, wait, timeouts, routes, fallbacks, order } = options
  const since = (at: number): string => `${((at - startsAt) / 1_000).toFixed(3)} s`
  return [
    `seed ${seed}`,
    `providers ${JSON.stringify(providers)}`,
    ...profiles.map(({ apiKey: _, ...profile }) => `profile ${JSON.stringify(profile)}`),
    `options ${JSON.stringify({ policy, retry, budget, wait, timeouts, routes, fallbacks, order })}`,
    ...faults.map(
      ({ kind, from, until, ...about }) =>
        `fault ${kind} ${JSON.stringify(about)} from ${since(from)} until ${since(until)}`,
    ),
    ...latest.map((event) => `${since(event.at)} ${lineOf(event)}`),
    `${since(clock.now())} violated: ${rule}`,
    text,
  ].join('\n')
}

function lineOf(event: FailoverEvent): string {
  const { type, at: _, ...rest } = event
  const shown = Object.entries(rest).map(([name, value]) => {
    if (name === 'target' || name === 'from' || name === 'to') return nameOf(value)
    if (name === 'failure')
      return `${value.reason}/${value.scope}/${value.nextStep} ${value.ruleId} ${value.retryAfterMs ?? ''}`
    return `${name}=${typeof value === 'object' ? JSON.stringify(value) : value}`
  })
  return [type, ...shown].join(' ')
}
