import { describe, expect, it } from 'vitest'
import { FailoverManager, type FailureRule } from '../src/index.ts'

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
})
