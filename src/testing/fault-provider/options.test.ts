import { describe, expect, it } from 'vitest'
import { FailoverError } from '../../failure/index.ts'
import { faults } from './named-faults.ts'
import { parseOptions } from './options.ts'

/** As a caller without types would write them. */
const parse = (options: unknown) => () => parseOptions(options as object)

describe('options', () => {
  it('take every fault there is a name for', () => {
    for (const make of Object.values(faults)) {
      const fault = Reflect.apply(
        make,
        undefined,
        make.name === 'times' || make === faults.once ? [3, faults.silent()] : [],
      )
      if (make !== faults.once) expect(parse({ models: { m: fault } })).not.toThrow()
    }
    expect(parse({ models: { m: faults.once(faults.silent()) } })).not.toThrow()
  })

  it('count a field that is undefined as absent', () => {
    expect(parse({ port: undefined, script: [{ fault: { status: undefined } }] })).not.toThrow()
  })

  it.each([
    [{ prot: 1 }, 'options.prot: 1 is not allowed; there is no such field; known are port, host'],
    [{ port: 70_000 }, 'options.port: 70000 is not allowed; use a whole number from 0 to 65535'],
    [{ host: 1 }, 'options.host'],
    [{ answer: { txt: 'a' } }, 'options.answer.txt'],
    [
      { answer: { toolCalls: [{ name: 'f' }] } },
      'options.answer.toolCalls[0].arguments: undefined is not allowed; it is required',
    ],
    [{ tokenDelayMs: -1 }, 'options.tokenDelayMs: -1 is not allowed; use milliseconds, 0 or more'],
    [{ tokenDelayMs: Number.NaN }, 'options.tokenDelayMs'],
    [{ prefill: 'no' }, 'options.prefill: "no" is not allowed; use one of continue, reject, restart'],
    [{ models: { m: { statsu: 500 } } }, 'options.models["m"].statsu'],
    [
      { models: { m: [{}, { status: 99 }] } },
      'options.models["m"][1].status: 99 is not allowed; use a whole number from 200 to 599',
    ],
    [{ models: [] }, 'options.models: an array of 0 is not allowed; use an object'],
    [{ script: [{}] }, 'options.script[0].fault: undefined is not allowed; it is required'],
    [
      { script: [{ fault: {}, fromMs: 5, untilMs: 5 }] },
      'options.script[0].untilMs: 5 is not allowed; use more than fromMs, which is 5',
    ],
    [
      { script: [{ fault: { error: 'oops' } }] },
      'options.script[0].fault.error: "oops" is not allowed; use one of invalid_request',
    ],
    [{ script: [{ fault: { times: 0 } }] }, 'options.script[0].fault.times'],
    [
      { script: [{ fault: { cutAfterTokens: 4, resetAfterBytes: 3 } }] },
      'resetAfterBytes: 3 is not allowed; cutAfterTokens is there already',
    ],
    [{ script: [{ fault: { stallMs: 4 } }] }, 'stallMs: 4 is not allowed; it does nothing without stallAfterTokens'],
    [{ script: [{ fault: {}, when: 'x' }] }, 'options.script[0].when'],
    [{ rateLimit: { by: 'key' } }, 'options.rateLimit.requestsPerMinute: undefined is not allowed; it is required'],
    [
      { rateLimit: { requestsPerMinute: 0 } },
      'options.rateLimit.requestsPerMinute: 0 is not allowed; use a number above 0',
    ],
    [{ down: [{ fromMs: 0 }] }, 'options.down[0].untilMs'],
    [{ requireKey: 'sk' }, 'options.requireKey: a value of type string is not allowed; use an array'],
    [{ clock: {} }, 'options.clock.now'],
    [null, 'options: null is not allowed; use an object'],
  ])('%j: say what is wrong', (options, message) => {
    expect(parse(options)).toThrow(FailoverError)
    expect(parse(options)).toThrow(
      expect.objectContaining({ code: 'INVALID_OPTION', message: expect.stringContaining(message) }),
    )
  })
})
