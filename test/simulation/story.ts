import type { FailoverEvent } from '../../src/index.ts'
import type { Step } from './plan.ts'
import type { Violation } from './records.ts'
import { nameOf } from './records.ts'
import type { Stage } from './stage.ts'

/** More of them are no help to anybody. */
const MAX_STEPS = 20

/** What a person needs to see what went wrong: the world, the latest events, the rule that was broken. */
export function storyOf(stage: Stage, { rule, text }: Violation): string {
  const { world, latest } = stage
  const { seed, options, providers, profiles, disabled, startsAt, faults, steps } = world
  const since = (at: number): string => `${((at - startsAt) / 1_000).toFixed(3)} s`
  return [
    `seed ${seed}`,
    `providers ${JSON.stringify(providers)}`,
    ...profiles.map(({ apiKey: _, ...profile }) => `profile ${JSON.stringify(profile)}`),
    ...(disabled.length === 0 ? [] : [`disabled ${disabled.join(' ')}`]),
    `options ${JSON.stringify(options)}`,
    ...faults.map(
      ({ kind, from, until, ...about }) =>
        `fault ${kind} ${JSON.stringify(about)} from ${since(from)} until ${since(until)}`,
    ),
    ...(steps.length > MAX_STEPS ? [] : steps.map((step) => `step at ${since(step.at)}: ${stepLine(step)}`)),
    ...latest.map((event) => `${since(event.at)} ${lineOf(event)}`),
    `violated: ${rule}`,
    text,
  ].join('\n')
}

function stepLine({ at: _, seed: __, ...step }: Step): string {
  return JSON.stringify(step)
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
