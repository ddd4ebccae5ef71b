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
    const passed = new PassedBytes(new SecretMask(['sk-0123456789abcdef', 'id', 'ollama', '2024-10-21', '4096']))
    const bytes = Buffer.from('abcdefghij')
    passed.add(bytes, 2, 5)
    passed.add(bytes, 5, 9)
    expect(passed.take().buffer).toBe(bytes.buffer)
  })

  it('ends a block that came without its blank line, if anything follows', () => {
    const passed = new PassedBytes(new SecretMask([]))
    const bytes = Buffer.from('data: 1\ndata: 2')
    passed.addUnfinished(bytes, 0, 7)
    expect(passed.take().toString()).toBe('data: 1')
    passed.add(bytes, 8, 15)
    expect(passed.take().toString()).toBe('\n\ndata: 2')
    passed.addUnfinished(bytes, 0, 7)
    passed.addText('')
    passed.finishBlock()
    passed.finishBlock()
    expect(passed.take().toString()).toBe('data: 1\n\n')
  })

  it.each([
    ['data: 1', '\n\n'],
    ['data: 1\n', '\n'],
    ['data: 1\r\n', '\n'],
    ['data: 1\r', '\n\n'],
    ['data: 1\n\n', ''],
    ['data: 1\r\n\r\n', ''],
    ['data: 1\r\r', ''],
  ])('adds to %j what it lacks of its blank line', (block, missing) => {
    const passed = new PassedBytes(new SecretMask([]))
    passed.addUnfinished(Buffer.from(block), 0, block.length)
    passed.finishBlock()
    expect(passed.take().toString()).toBe(block + missing)
  })

  it('masks a secret wherever it occurs, also where pieces meet', () => {
    const passed = new PassedBytes(new SecretMask(['sk-0123456789abcdef', 'id', 'ollama', '2024-10-21', '4096']))
    passed.addText('a sk-0123456')
    passed.addText('789abcdef b sk-0123456789abcdefsk-0123456789abcdef')
    expect(passed.take().toString()).toBe('a *** b ******')
    // What is shorter may be a word, a date or a number: masking it would tear up what the model said.
    passed.addText('{"id":"xsk-0123456789abcdef","created":4096,"text":"ollama, 2024-10-21"}')
    expect(passed.take().toString()).toBe('{"id":"x***","created":4096,"text":"ollama, 2024-10-21"}')
  })
})
