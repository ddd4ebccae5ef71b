import type { FailureScope, NextStep } from '../../../index.ts'
import type { Explanation, Outage } from './explanation.ts'

const SCOPES: Readonly<Record<FailureScope, string>> = {
  none: 'nobody is to blame',
  request: 'this request; health is not touched',
  target: 'this key on this model; where it has a quota group, the group on this model',
  profile: 'this key, whatever the model; money and account limits its quota group, where it has one',
  model: 'this model at this address, whatever the key',
  provider: 'everything at this address (scheme, host and port)',
}

const STEPS: Readonly<Record<NextStep, string>> = {
  retry_target: 'the same target once more after a back-off, then the next model',
  next_profile: 'the next key of this model, then the next model',
  next_model: 'the next model; another key of this one meets the same',
  next_provider: 'a model at another address',
  return: 'back to the caller, as the provider said it',
}

/** An explanation as it is read at a terminal. */
export function linesOf({ failure, source, outage }: Explanation): string[] {
  const { reason, scope, nextStep, ruleId, confidence, message, quota = [], status } = failure
  if (ruleId === 'answer.sound') return ['no failure    a complete answer', `rule          ${ruleId}`]
  const retry = failure.mayRetryTarget ? '' : '; not the same target again'
  return [
    `reason        ${reason}${status === undefined ? '' : ` (HTTP ${status})`}`,
    `scope         ${scope}: ${SCOPES[scope]}`,
    `next          ${nextStep}: ${STEPS[nextStep]}${retry}`,
    `until         ${untilOf(outage, failure.resetAt)}`,
    ...quota.map(({ name, limit, remaining, resetAt }, index) => {
      const left = `${remaining ?? '?'} of ${limit ?? '?'} left`
      return `${index === 0 ? 'quota' : '     '}         ${name}: ${left}${resetAt === undefined ? '' : `, full again at ${timeOf(resetAt)}`}`
    }),
    `rule          ${ruleId} (${confidence})`,
    `source        ${source}`,
    `said          ${message}`,
  ]
}

function untilOf(outage: Outage | undefined, resetAt: number | undefined): string {
  if (outage === undefined) return 'nothing is kept out'
  const [first = 0] = outage.lengthsMs
  if (outage.end === 'stated') {
    return `${durationOf(first)} from now${resetAt === undefined ? '' : `, ${timeOf(resetAt)}`}: the provider said so`
  }
  const lengths = outage.lengthsMs.map(durationOf).join(', ')
  const begin = outage.needsMore ? 'one failure opens nothing; if more follow, out for' : 'out for'
  return `the provider does not say; ${begin} ${lengths}, longer each time it fails again (${outage.kind})`
}

function timeOf(epochMs: number): string {
  return new Date(epochMs).toISOString()
}

/** `90 s` rather than `1.5 min`: whole numbers of the largest unit that gives one. */
function durationOf(ms: number): string {
  const units = [
    [86_400_000, 'd'],
    [3_600_000, 'h'],
    [60_000, 'min'],
    [1_000, 's'],
  ] as const
  const unit = units.find(([length]) => ms >= length && ms % length === 0)
  return unit === undefined ? `${ms} ms` : `${ms / unit[0]} ${unit[1]}`
}
