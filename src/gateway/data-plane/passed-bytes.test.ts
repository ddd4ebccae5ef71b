import { describe, expect, it } from 'vitest'
import { SecretMask } from '../../upstream/secret-mask.ts'
import { PassedBytes } from './passed-bytes.ts'

describe('PassedBytes', () => {
  it('gives out what was passed, in order, and nothing twice', () => {
    const passed = new PassedBytes(new SecretMask([]))
    const bytes = Buffer.from('abcdefghij')
    passed.add(bytes, 0, 2)
    passed.add(bytes, 2, 4)
    passed.add(bytes, 6, 8)
    passed.addText('!')
    expect(passed.take().toString()).toBe('abcdgh!')
    expect(passed.isEmpty).toBe(true)
    expect(passed.take()).toHaveLength(0)
  })

  it('copies nothing where one piece of what came in is passed', () => {
    const passed = new PassedBytes(new SecretMask(['sk-secret', 'id']))
    const bytes = Buffer.from('abcdefghij')
    passed.add(bytes, 2, 5)
    passed.add(bytes, 5, 9)
    expect(passed.take().buffer).toBe(bytes.buffer)
  })

  it('masks a secret wherever it occurs, also where pieces meet', () => {
    const passed = new PassedBytes(new SecretMask(['sk-secret', 'id']))
    passed.addText('a sk-sec')
    passed.addText('ret b sk-secretsk-secret')
    expect(passed.take().toString()).toBe('a *** b ******')
    // What is shorter than four characters is no secret: masking it would tear up words.
    passed.addText('{"id":"xsk-secret"}')
    expect(passed.take().toString()).toBe('{"id":"x***"}')
  })
})
