import { describe, expect, it } from 'vitest'
import { FailoverManager, type FailureRule } from '../src/index.ts'
import { VirtualClock } from '../src/testing/index.ts'

const rules: readonly FailureRule[] = [
  { id: 'acme.closed', when: { status: [418] }, reason: 'billing' },
  { id: 'acme.elsewhere', when: { status: [419] }, reason: 'server_error', nextStep: 'next_model' },
]

describe('rules of one’s own in the engine', () => {
  it('drive what is kept out and what is tried next', async () => {
    const manager = new FailoverManager({ rules, profiles: [{ id: 'acme:a' }, { id: 'acme:b', priority: 1 }] })
    const used: string[] = []
    await manager.run('acme/x', async ({ profile }) => {
      used.push(profile.id)
      if (profile.id === 'acme:a') throw Object.assign(new Error('tea'), { status: 418 })
      return 'ok'
    })
    expect(used).toEqual(['acme:a', 'acme:b'])
    expect(manager.status().profiles[0]).toMatchObject({ id: 'acme:a', status: 'error', reason: 'billing' })
    expect(manager.status().config.rules).toEqual(rules)
  })

  it('are refused beside a policy that has rules of its own', () => {
    expect(() => new FailoverManager({ rules, policy: 'rsclaw' })).toThrow(
      /^rules: an array of 2 is not allowed; policy rsclaw has rules of its own/,
    )
    expect(() => new FailoverManager({ rules: [{ ...rules[0], id: '' }] as never })).toThrow(/^rules\[0\]\.id/)
  })

  it.each<[what: string, rule: FailureRule, used: readonly string[]]>([
    [
      'the next model where the first is nowhere',
      { id: 'r', when: { status: [418] }, reason: 'model_not_found', nextStep: 'next_model' },
      ['acme/x@a', 'acme/y@a'],
    ],
    [
      'another origin, though the request is at fault here',
      { id: 'r', when: { status: [418] }, reason: 'invalid_request', nextStep: 'next_provider' },
      ['acme/x@a', 'other/z@a'],
    ],
    [
      'the next model where an upstream limits it',
      { id: 'r', when: { status: [418] }, reason: 'rate_limit', scope: 'model', nextStep: 'next_model' },
      ['acme/x@a', 'acme/y@a'],
    ],
  ])('can send a request to %s, and nothing is tried twice', async (_what, rule, expected) => {
    const profiles = [{ id: 'acme:a' }, { id: 'acme:b', priority: 1 }, { id: 'other:a' }]
    const clock = new VirtualClock()
    const manager = new FailoverManager({ rules: [rule], profiles, clock, fallbacks: ['acme/y', 'other/z'] })
    const used: string[] = []
    await manager.run('acme/x', async ({ target }) => {
      used.push(`${target}`.replace(/@\w+:/, '@'))
      if (used.length === 1) throw Object.assign(new Error('tea'), { status: 418 })
      return 'ok'
    })
    expect(used).toEqual(expected)
  })

  it('say what the caller hears where nobody else can answer', async () => {
    const rule: FailureRule = { id: 'r', when: { status: [418] }, reason: 'invalid_request', nextStep: 'next_provider' }
    const manager = new FailoverManager({ rules: [rule], profiles: [{ id: 'acme:a' }, { id: 'acme:b' }] })
    let tries = 0
    const refused = manager.run('acme/x', () => {
      tries += 1
      return Promise.reject(Object.assign(new Error('tea'), { status: 418 }))
    })
    await expect(refused).rejects.toMatchObject({ code: 'REQUEST_REJECTED', status: 418 })
    expect(tries).toBe(1)
  })
})
