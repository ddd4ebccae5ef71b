import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { anthropicMessages, type Dialect, openaiChat } from '../dialects/index.ts'
import { FamiliarEvents } from './familiar-events.ts'

const CHUNK = '{"id":"c-1","choices":[{"index":0,"delta":{"content":"Hi"},"finish_reason":null}],"obfuscation":"ab"}'
const DELTA = '{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"Hi"}}'

describe('FamiliarEvents', () => {
  it('recognises an event that differs only in its texts, whatever follows it', () => {
    const events = learnt(openaiChat, `data: ${CHUNK}\n\n`)
    const other = `data: ${CHUNK.replace('Hi', 'grüße \\" \\u00e9').replace('ab', '')}\n\n`
    expect(endOf(events, `${other}data: [DONE]\n\n`)).toBe(Buffer.byteLength(other))
    expect(endOf(events, `: ping\n\n${other}`, 8)).toBe(8 + Buffer.byteLength(other))
  })

  it('recognises events with a name, and lines that end in CRLF', () => {
    for (const end of ['\n', '\r\n']) {
      const block = `event: content_block_delta${end}data: ${DELTA}${end}${end}`
      const events = learnt(anthropicMessages, block)
      expect(endOf(events, block.replace('Hi', 'there')), JSON.stringify(end)).toBe(block.length + 3)
      expect(endOf(events, block.replace('"index":0', '"index":1'))).toBe(-1)
    }
  })

  it('knows nothing before it has learnt, and nothing of what is not plain', () => {
    const plain = `data: ${CHUNK}\n\n`
    expect(endOf(new FamiliarEvents(openaiChat), plain)).toBe(-1)
    for (const block of [
      `id: 1\ndata: ${CHUNK}\n\n`,
      `data: ${CHUNK}\ndata: \n\n`,
      `: note\ndata: ${CHUNK}\n\n`,
      'data: [DONE]\n\n',
      `data: ${CHUNK}`,
    ])
      expect(endOf(learnt(openaiChat, block), block), block).toBe(-1)
  })

  it.each([
    ['a finish reason', CHUNK.replace('"finish_reason":null', '"finish_reason":"stop"')],
    ['another field', CHUNK.replace('"id"', '"usage":{},"id"')],
    ['an error behind the text', CHUNK.replace('"Hi"', '"Hi","error":"x"')],
    ['a text that is a number', CHUNK.replace('"Hi"', '1')],
    ['a raw line end in the text', CHUNK.replace('Hi', 'H\ni')],
    ['an escape that is none', CHUNK.replace('Hi', '\\x')],
    ['an escape that is cut short', CHUNK.replace('Hi', '\\u00')],
    ['a text that never ends', CHUNK.slice(0, CHUNK.indexOf('Hi'))],
  ])('does not recognise %s', (_, json) => {
    expect(endOf(learnt(openaiChat, `data: ${CHUNK}\n\n`), `data: ${json}\n\n`)).toBe(-1)
  })

  it('does not recognise an event that has not arrived whole', () => {
    const block = `data: ${CHUNK}\n\n`
    const events = learnt(openaiChat, block)
    for (let length = 0; length < block.length; length += 1)
      expect(events.endOf(Buffer.from(block), 0, length), `${length}`).toBe(-1)
  })

  it('tells the texts of what it has recognised, with their keys', () => {
    const events = learnt(openaiChat, `data: ${CHUNK}\n\n`)
    const other = Buffer.from(`: x\n\ndata: ${CHUNK.replace('Hi', 'grüße \\"\\u00e9').replace('ab', '')}\n\n`)
    expect(events.endOf(other, 5, other.length)).toBe(other.length)
    expect(textsIn(events, other)).toEqual([
      ['content', 'grüße \\"\\u00e9'],
      ['obfuscation', ''],
    ])
  })

  it('recognises nothing behind another event until one is learnt again, which costs no chance', () => {
    const block = Buffer.from(`data: ${CHUNK}\n\n`)
    const events = learnt(openaiChat, block.toString())
    for (let round = 0; round < 40; round += 1) {
      events.interrupt()
      expect(events.endOf(block, 0, block.length)).toBe(-1)
      events.learn(block, 0, block.length)
    }
    expect(events.endOf(block, 0, block.length)).toBe(block.length)
  })

  it('does not take an event without any free text for a pattern: what it says would go unseen', () => {
    const block = `data: ${CHUNK.replace('{"content":"Hi"}', '{"images":["x"]}').replace(',"obfuscation":"ab"', '')}\n\n`
    expect(endOf(learnt(openaiChat, block), block)).toBe(-1)
  })

  it.each([
    ['beside the choices', CHUNK.replace('"id"', '"content":"Hi","id"')],
    ['beside the choices, and is empty', CHUNK.replace('"id"', '"content":"","id"')],
    ['beside the delta', CHUNK.replace('"delta"', '"content":"Hi","delta"')],
    ['beside the delta of another text', CHUNK.replace('"id"', '"reasoning":"Hm","id"')],
    ['twice in the delta', CHUNK.replace('"content"', '"content":"Hi","content"')],
    [
      'beside the delta, whose own is written otherwise',
      CHUNK.replace('"Hi"', ' "Hi"').replace('"id"', '"content":"Hi","id"'),
    ],
    ['in a detail of the reasoning', CHUNK.replace('"Hi"', '"Hi","reasoning_details":[{"content":"Hm"}]')],
  ])('learns no event with a text of the answer’s name that stands %s', (_, json) => {
    const block = `data: ${json}\n\n`
    expect(endOf(learnt(openaiChat, block), block)).toBe(-1)
  })

  it.each([
    ['beside the delta', DELTA.replace('"index"', '"text":"Hi","index"')],
    ['in a delta of another kind', DELTA.replace('"text":"Hi"', '"thinking":"Hm","text":"Hi"')],
    ['twice', DELTA.replace('"text":"Hi"', '"text":"","text":"Hi"')],
  ])('learns no delta of a message with such a text %s', (_, json) => {
    const block = `event: content_block_delta\ndata: ${json}\n\n`
    expect(endOf(learnt(anthropicMessages, block), block)).toBe(-1)
  })

  it('learns reasoning that stands in the delta under two names, and texts that no trail notes wherever they are', () => {
    for (const delta of [
      '{"reasoning":"Hm","reasoning_content":"Hm"}',
      '{"content":"Hi","refusal":"No"}',
      '{"content":null,"tool_calls":[{"index":0,"function":{"arguments":"{}"}},{"index":1,"function":{"arguments":""}}]}',
    ]) {
      const block = `data: ${CHUNK.replace('{"content":"Hi"}', delta).replace('"id"', '"refusal":"","id"')}\n\n`
      expect(endOf(learnt(openaiChat, block), block), delta).toBe(block.length)
    }
    for (const piece of ['"type":"thinking_delta","thinking":"Hm"', '"type":"input_json_delta","partial_json":"{"']) {
      const block = `data: ${DELTA.replace('"type":"text_delta","text":"Hi"', piece)}\n\n`
      expect(endOf(learnt(anthropicMessages, block), block), piece).toBe(block.length)
    }
  })

  it('learns no event with a lone CR in its line, which ends the line for its reader', () => {
    const block = `data: ${CHUNK}\r: "x"\n\n`
    expect(endOf(learnt(openaiChat, block), block)).toBe(-1)
  })

  it('gives up on a stream whose events differ in more', () => {
    const events = new FamiliarEvents(openaiChat)
    const blocks = Array.from({ length: 40 }, (_, index) =>
      Buffer.from(`data: ${CHUNK.replace('c-1', `c-${index}`)}\n\n`),
    )
    for (const block of blocks) events.learn(block, 0, block.length)
    const last = blocks.at(-1) ?? Buffer.alloc(0)
    expect(events.endOf(last, 0, last.length)).toBe(-1)
  })

  it('recognises nothing but what parses to the same, its texts aside', () => {
    const block = Buffer.from(`data: ${CHUNK}\n\n`)
    const events = learnt(openaiChat, block.toString())
    const edit = fc.record({
      at: fc.nat(block.length - 1),
      removed: fc.nat(4),
      added: fc.oneof(
        fc.string({ maxLength: 6 }),
        fc.constantFrom('"', '\\', '\\"', '\\u00e9', '\n', '{}', ',', '"a":1,'),
      ),
    })
    fc.assert(
      fc.property(fc.array(edit, { minLength: 1, maxLength: 3 }), (edits) => {
        let text = block.toString()
        for (const { at, removed, added } of edits) text = text.slice(0, at) + added + text.slice(at + removed)
        const end = endOf(events, text)
        if (end === -1) return
        const found = Buffer.from(text).toString('utf8', 0, end)
        expect(found.startsWith('data: ') && found.endsWith('\n\n')).toBe(true)
        expect(withoutTexts(found)).toEqual(withoutTexts(block.toString()))
        const texts = Object.fromEntries(textsIn(events, Buffer.from(text)))
        expect({ content: texts.content, obfuscation: texts.obfuscation }).toEqual(textsOf(found))
      }),
      { numRuns: 5_000 },
    )
  })
})

function learnt(dialect: Dialect, block: string): FamiliarEvents {
  const events = new FamiliarEvents(dialect)
  events.learn(Buffer.from(block), 0, Buffer.byteLength(block))
  return events
}

function endOf(events: FamiliarEvents, text: string, start = 0): number {
  const bytes = Buffer.from(text)
  return events.endOf(bytes, start, bytes.length)
}

function textsIn(events: FamiliarEvents, bytes: Buffer): [key: string, text: string][] {
  const texts: [string, string][] = []
  const noteFamiliar = (key: string, from: Buffer, start: number, end: number): void => {
    texts.push([key, from.toString('utf8', start, end)])
  }
  events.tellTexts(bytes, { noteFamiliar })
  return texts
}

/** As they stand in JSON. */
function textsOf(block: string): object {
  const [, content = '', obfuscation = ''] =
    /"content":"(.*)"\},"finish_reason":null\}\],"obfuscation":"(.*)"\}/.exec(block) ?? []
  return { content, obfuscation }
}

function withoutTexts(block: string): unknown {
  return JSON.parse(block.slice('data: '.length), (key, value) => (openaiChat.freeText.has(key) ? '' : value))
}
