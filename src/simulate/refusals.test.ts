import { describe, expect, it } from 'vitest'
import { classifyFailure } from '../failure/index.ts'
import { brokenOff, refusal, unreachable } from './refusals.ts'
import type { SimulatedTarget } from './target.ts'

function target(provider: string, dialect = provider): SimulatedTarget {
  const ref = { provider, model: 'm', profile: `${provider}:a` }
  return { ...ref, name: `${provider}/m@${provider}:a`, origin: `https://${provider}.example`, dialect, account: 'a' }
}

const TARGETS = [target('openai'), target('anthropic'), target('relay', 'openai')]

describe.each(TARGETS)('what $name answers is understood as what it is meant to be', (at) => {
  const { provider, dialect } = at
  const diagnose = (error: Error) => {
    const { reason, scope } = classifyFailure({ provider, dialect, model: at.model, error })
    return [reason, scope]
  }

  it.each([
    [401, 'auth', 'profile'],
    [402, 'billing', 'profile'],
    [403, 'permission', 'profile'],
    [404, 'model_not_found', 'target'],
    [429, 'rate_limit', 'target'],
    [500, 'server_error', 'model'],
    [502, 'server_error', 'model'],
    [504, 'timeout', 'model'],
    [529, 'overloaded', 'model'],
  ] as const)('%d as %s of the %s', (status, reason, scope) => {
    expect(diagnose(refusal(at, status))).toEqual([reason, scope])
  })

  it('a connection that is refused, a name that is not found and a stream that breaks off', () => {
    expect(diagnose(unreachable(at, 'refused'))).toEqual(['network', 'provider'])
    expect(diagnose(unreachable(at, 'dns'))).toEqual(['network', 'provider'])
    expect(['network', 'stream_interrupted']).toContain(diagnose(brokenOff())[0])
  })

  it('when to come back', () => {
    const error = refusal(at, 429, { 'retry-after': '7' })
    expect(classifyFailure({ provider, dialect, error }).retryAfterMs).toBe(7_000)
  })
})
