import { describe, expect, it } from 'vitest'
import { classifyFailure, createClassifier, type FailureRule } from './index.ts'

const rule = (over: Partial<FailureRule> = {}): FailureRule => ({
  id: 'acme.maintenance',
  when: { providers: ['Acme'], status: [503], anyOf: ['Planned Maintenance'] },
  reason: 'overloaded',
  nextStep: 'next_provider',
  ...over,
})

describe('rules of one’s own', () => {
  const classify = createClassifier({ rules: [rule()] })
  const body = { error: { message: 'planned maintenance until noon', type: 'server_error' } }

  it('go before those of the package, whatever the case of names and words', () => {
    expect(classify({ provider: 'acme', status: 503, body })).toMatchObject({
      reason: 'overloaded',
      scope: 'model',
      nextStep: 'next_provider',
      ruleId: 'acme.maintenance',
    })
    expect(classifyFailure({ provider: 'acme', status: 503, body }).ruleId).not.toBe('acme.maintenance')
  })

  it('speak only where all that they ask for holds', () => {
    expect(classify({ provider: 'other', status: 503, body }).ruleId).not.toBe('acme.maintenance')
    expect(classify({ provider: 'acme', status: 500, body }).ruleId).not.toBe('acme.maintenance')
    expect(classify({ provider: 'acme', status: 503, body: 'busy' }).ruleId).not.toBe('acme.maintenance')
  })

  it('look at the whole message, quotations too, and at the names of what was thrown', () => {
    const quoting = createClassifier({
      rules: [rule({ when: { allOf: ['model', 'gpt-old'] }, reason: 'model_not_found' })],
    })
    expect(quoting({ status: 400, body: { error: { message: "The model 'gpt-old' is out of order" } } }).ruleId).toBe(
      'acme.maintenance',
    )
    const named = createClassifier({ rules: [rule({ when: { codes: ['MyQuotaError'] }, reason: 'billing' })] })
    class MyQuotaError extends Error {
      override readonly name = 'MyQuotaError'
    }
    expect(named({ error: new MyQuotaError('no more') })).toMatchObject({
      reason: 'billing',
      ruleId: 'acme.maintenance',
    })
  })

  it('do not go before our own limits and a caller that left', () => {
    const always = createClassifier({ rules: [rule({ when: { noneOf: ['never said'] }, reason: 'billing' })] })
    expect(always({ timeoutPhase: 'idle' }).ruleId).toBe('local.idle_timeout')
    expect(always({ error: new DOMException('left', 'AbortError') }).reason).toBe('canceled')
    expect(always({ status: 500 }).reason).toBe('billing')
  })

  it('give what the reason usually means where they say nothing else', () => {
    const usual = createClassifier({ rules: [rule({ reason: 'billing', nextStep: undefined as never })] })
    expect(usual({ provider: 'acme', status: 503, body })).toMatchObject({ scope: 'profile', isRetryable: false })
  })

  it.each<[rules: unknown, message: string]>([
    [{}, 'rules: an object is not allowed; it must be an array of rules'],
    [[1], 'rules[0]: 1 is not allowed; it must be an object'],
    [[rule({ id: 'a b' })], 'rules[0].id: "a b" is not allowed; it must be a text without white space'],
    [[rule(), rule()], 'rules[1].id: "acme.maintenance" is not allowed; another rule has this id'],
    [[{ ...rule(), reason: undefined }], 'rules[0].reason: undefined is not allowed; it must be one of rate_limit, '],
    [[{ ...rule(), reason: 'money' }], 'rules[0].reason: "money" is not allowed; it must be one of rate_limit, '],
    [[{ ...rule(), scope: 'all' }], 'rules[0].scope: "all" is not allowed; it must be one of none, request, '],
    [[{ ...rule(), nextStep: 'stop' }], 'rules[0].nextStep: "stop" is not allowed; it must be one of retry_target, '],
    [[{ ...rule(), also: 1 }], 'rules[0].also: 1 is not allowed; there is no such option; allowed are id, when, '],
    [
      [rule({ when: {} })],
      'rules[0].when: an object is not allowed; give at least one of status, inStream, providers, ',
    ],
    [
      [rule({ when: { status: [99] } })],
      'rules[0].when.status[0]: 99 is not allowed; it must be a whole number from 100 to 599',
    ],
    [
      [rule({ when: { status: [] } })],
      'rules[0].when.status: an array of 0 is not allowed; it must be an array of HTTP statuses',
    ],
    [[rule({ when: { codes: [] } })], 'rules[0].when.codes: an array of 0 is not allowed; name at least one'],
    [
      [rule({ when: { anyOf: [''] } })],
      'rules[0].when.anyOf[0]: "" is not allowed; it must be a text that is not empty',
    ],
    [
      [rule({ when: { inStream: 'yes' as never } })],
      'rules[0].when.inStream: "yes" is not allowed; it must be true or false',
    ],
  ])('that are none are refused: %j', (rules, message) => {
    expect(() => createClassifier({ rules: rules as FailureRule[] })).toThrow(
      expect.objectContaining({ code: 'INVALID_OPTION', message: expect.stringContaining(message) }),
    )
  })
})
