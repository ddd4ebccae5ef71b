import type { FailureScope, NextStep, QuotaBucket } from '../../../index.ts'
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
export function linesOf(explanation: Explanation): string[] {
  const { failure, source } = explanation
  const { reason, scope, nextStep, ruleId, confidence, message, quota = [], status } = failure
  if (ruleId === 'answer.sound') return ['no failure    a complete answer', `rule          ${ruleId}`]
  const retry = failure.mayRetryTarget ? '' : '; not the same target again'
  return [
    `reason        ${reason}${status === undefined ? '' : ` (HTTP ${status})`}`,
    `scope         ${scope}: ${SCOPES[scope]}`,
    `next          ${nextStep}: ${STEPS[nextStep]}${retry}`,
    `until         ${untilOf(explanation)}`,
    ...quota.map(
      (bucket, index) => `${index === 0 ? 'quota' : '     '}         ${bucketLine(bucket, explanation.now)}`,
    ),
    `rule          ${ruleId} (${confidence})`,
    `source        ${source}`,
    `said          ${message}`,
  ]
}

function bucketLine({ name, limit, remaining, resetAt }: QuotaBucket, now: number): string {
  const time = timeOf(resetAt)
  const left = `${name}: ${remaining ?? '?'} of ${limit ?? '?'} left`
  if (resetAt === undefined || time === undefined) return left
  return `${left}, full again ${resetAt <= now ? 'since' : 'at'} ${time}`
}

function untilOf(explanation: Explanation): string {
  const { outage, policy } = explanation
  if (outage === undefined) return 'nothing is kept out'
  const lengths = outage.lengthsMs.map(durationOf).join(', ')
  switch (outage.end) {
    case 'stated':
      return statedEnd(outage, explanation)
    case 'fixed': {
      const growth = outage.lengthsMs.length > 1 ? ', longer each time it fails again' : ''
      return `policy ${policy} does not ask the provider; out for ${lengths}${growth} (${outage.kind})`
    }
    case 'inferred': {
      const begin = outage.needsMore ? 'one failure opens nothing; if more follow, out for' : 'out for'
      return `the provider does not say; ${begin} ${lengths}, longer each time it fails again (${outage.kind})`
    }
  }
}

/** `20 s from now, 2026-11-25T10:00:20.000Z: the provider said so`, and whether that is over. */
function statedEnd({ lengthsMs: [lengthMs], endsAt }: Outage, { failure, sentAt, now }: Explanation): string {
  const from = sentAt === undefined ? 'from now' : 'from when it was sent'
  const length = lengthMs === undefined ? [] : [`${durationOf(lengthMs)} ${from}`]
  const end = [...length, timeOf(endsAt) ?? []].flat().join(', ')
  const { retryAfterMs = lengthMs } = failure
  const said =
    lengthMs === undefined || retryAfterMs === lengthMs
      ? 'the provider said so'
      : `the provider said ${durationOf(retryAfterMs ?? lengthMs)}, more than cooldown.maxHintMs lets count`
  const present = timeOf(now)
  const isOver = endsAt !== undefined && endsAt <= now
  return `${end}: ${said}${isOver ? `; that has passed${present === undefined ? '' : `, it is ${present} now`}` : ''}`
}

/** Undefined where no calendar reaches so far. */
function timeOf(epochMs: number | undefined): string | undefined {
  const date = new Date(epochMs ?? Number.NaN)
  return Number.isNaN(date.getTime()) ? undefined : date.toISOString()
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
