import { describe, expect, it } from 'vitest'
import { Diverged, ECHO_CHARACTERS, MAX_DELIVERED_CHARACTERS } from '../../recovery/index.ts'
import type { DialectTrail, TrailOptions } from '../continuation-format.ts'
import { chatContinuation } from './continuation.ts'

const OPTIONS: TrailOptions = { holdsToolCalls: () => true, disarmedBy: () => undefined, recovers: true }

function start(options: Partial<TrailOptions> = {}): DialectTrail {
  return chatContinuation.startTrail({ ...OPTIONS, ...options })
}

/** A chunk of one attempt; further attempts have other ids, times and models. */
function chunkOf(attempt: number, delta: object, rest: { finish?: string; usage?: object } = {}): object {
  return {
    id: `chatcmpl-${attempt}`,
    object: 'chat.completion.chunk',
    created: 1_700_000_000 + attempt,
    model: `model-${attempt}`,
    choices: [{ index: 0, delta, finish_reason: rest.finish ?? null }],
    ...(rest.usage === undefined ? undefined : { usage: rest.usage }),
  }
}

const first = (delta: object, rest = {}): object => chunkOf(1, delta, rest)
const second = (delta: object, rest = {}): object => chunkOf(2, delta, rest)
const ROLE = { role: 'assistant', content: '' }
const STOP = { finish: 'stop' }
const call = (args: string, head: object = {}, name?: string): object => ({
  tool_calls: [{ ...head, index: 0, function: { ...(name === undefined ? undefined : { name }), arguments: args } }],
})

function takeAll(trail: DialectTrail, events: readonly object[]): object[] {
  const out: object[] = []
  for (const event of events) trail.take(event, out)
  return out
}

/** A second attempt at an answer of which these deltas were delivered. */
function resumed(
  mode: 'prefill' | 'restart',
  deltas: readonly object[],
  options: Partial<TrailOptions> = {},
): DialectTrail {
  const trail = start(options)
  takeAll(
    trail,
    [ROLE, ...deltas].map((delta) => first(delta)),
  )
  trail.resume(mode)
  return trail
}

const deltasOf = (events: readonly object[]): unknown[] =>
  events.map((event) => (event as { choices: { delta: unknown }[] }).choices[0]?.delta)

describe('a first attempt', () => {
  it('passes as it comes', () => {
    const trail = start()
    const events = [ROLE, { reasoning_content: 'Hm' }, { content: 'Hello ' }, {}].map((delta) => first(delta))
    const out = takeAll(trail, events)
    expect(out).toHaveLength(events.length)
    for (const [index, event] of out.entries()) expect(event).toBe(events[index])
    expect(trail).toMatchObject({ isPastSeam: true, isHolding: false, disarmedBy: undefined, prefill: 'Hello' })
  })

  it('has no prefill before there is text', () => {
    const trail = start()
    takeAll(trail, [first(ROLE), first({ reasoning: 'Hm' }), first({ content: '\n' })])
    expect(trail.prefill).toBeUndefined()
  })

  it('keeps nothing where nothing may be recovered', () => {
    const trail = start({ recovers: false })
    takeAll(trail, [first({ content: 'Hello' })])
    expect(trail.prefill).toBeUndefined()
  })

  it('asks once, and only where it matters, whether the request forbids a continuation', () => {
    let asked = 0
    const trail = start({
      disarmedBy: () => {
        asked += 1
        return 'structured_output'
      },
    })
    takeAll(trail, [first({ content: 'Hello' })])
    expect(asked).toBe(0)
    expect([trail.disarmedBy, trail.disarmedBy, asked]).toEqual(['structured_output', 'structured_output', 1])
  })

  it('is disarmed once it is too long', () => {
    const trail = start()
    takeAll(trail, [first({ content: 'x'.repeat(MAX_DELIVERED_CHARACTERS) })])
    expect(trail.disarmedBy).toBeUndefined()
    trail.noteFamiliar('content', Buffer.from('x'), 0, 1)
    expect(trail).toMatchObject({ disarmedBy: 'too_long', prefill: undefined })
  })

  it.each([
    ['a refusal', { refusal: 'No.' }, 'other_content'],
    ['annotations', { annotations: [{ type: 'url_citation' }] }, 'other_content'],
    ['sound', { audio: { id: 'audio_1', data: 'AAAA' } }, 'other_content'],
    ['a picture', { images: [{ type: 'image_url' }] }, 'other_content'],
    ['content in parts', { content: [{ type: 'thinking', thinking: [] }] }, 'other_content'],
    ['something unheard of', { hologram: 'x' }, 'other_content'],
    ['an older call', { function_call: { name: 'f', arguments: '' } }, 'tool_call'],
    ['a signature', { reasoning_details: [{ type: 'reasoning.text', signature: 'abc' }] }, 'signed_reasoning'],
    ['encrypted reasoning', { reasoning_details: [{ type: 'reasoning.encrypted', data: 'abc' }] }, 'signed_reasoning'],
    [
      'reasoning that will be signed',
      { reasoning: 'Hm', reasoning_details: [{ type: 'reasoning.text', text: 'Hm', format: 'anthropic-claude-v1' }] },
      'signed_reasoning',
    ],
  ])('is disarmed by %s', (_, delta, reason) => {
    const trail = start({ holdsToolCalls: () => false })
    expect(takeAll(trail, [first({ content: 'Hello' }), first(delta)])).toHaveLength(2)
    expect(trail).toMatchObject({ disarmedBy: reason, prefill: undefined })
  })

  it.each([
    ['citations', { citations: ['https://example.com'] }, 'other_content'],
    ['a second choice', { choices: [{ index: 1, delta: { content: 'Hi' } }] }, 'several_choices'],
    ['log probabilities', { choices: [{ index: 0, delta: {}, logprobs: { content: [{}] } }] }, 'other_content'],
  ])('is disarmed by %s in a chunk', (_, members, reason) => {
    const trail = start()
    takeAll(trail, [{ ...first({ content: 'Hello' }), ...members }])
    expect(trail.disarmedBy).toBe(reason)
  })

  it.each([
    { prompt_filter_results: [{ prompt_index: 0 }], choices: [] },
    { timings: { predicted_ms: 1 } },
    { provider: 'DeepSeek', x_groq: { id: 'req_1' }, service_tier: 'default', obfuscation: 'abc' },
    {
      choices: [
        { index: 0, delta: { content: 'Hi', refusal: null, tool_calls: [] }, content_filter_results: { hate: {} } },
      ],
    },
    { choices: [{ index: 0, delta: { reasoning: 'Hm', reasoning_details: [{ text: 'Hm', format: 'unknown' }] } }] },
  ])('is not disarmed by %j', (members) => {
    const trail = start()
    takeAll(trail, [{ ...first({ content: 'Hello' }), ...members }])
    expect(trail.disarmedBy).toBeUndefined()
  })
})

describe('familiar events', () => {
  it('may pass where they hold nothing but text or reasoning', () => {
    const trail = start()
    expect(trail.passesFamiliar).toBe(false)
    takeAll(trail, [first(ROLE), first({ content: 'Hello' })])
    expect(trail.passesFamiliar).toBe(true)
    const bytes = Buffer.from('"content":" w\\u00f6rld"')
    trail.noteFamiliar('content', bytes, 11, bytes.length - 1)
    trail.noteFamiliar('obfuscation', bytes, 11, bytes.length - 1)
    expect(trail.prefill).toBe('Hello wörld')
  })

  it('may not pass while a call is held, and may where it is passed', () => {
    const events = [first(call('', { id: 'call_1' }, 'f')), first(call('{'))]
    const holding = start()
    takeAll(holding, events)
    expect(holding.passesFamiliar).toBe(false)
    const passing = start({ holdsToolCalls: () => false })
    takeAll(passing, events)
    expect(passing.passesFamiliar).toBe(true)
  })

  it('may not pass in a further attempt, whose chunks need another id', () => {
    const trail = resumed('restart', [{ content: 'Hello' }])
    takeAll(trail, [second({ content: 'Hello' }), second({ content: ' world' })])
    expect(trail.passesFamiliar).toBe(false)
  })

  it('count reasoning that is sent twice once', () => {
    const trail = start()
    takeAll(trail, [first({ reasoning_content: 'a', reasoning: 'a' })])
    for (const key of ['reasoning_content', 'reasoning']) trail.noteFamiliar(key, Buffer.from('b'), 0, 1)
    trail.resume('restart')
    expect(deltasOf(takeAll(trail, [second({ reasoning_content: 'abc' })]))).toEqual([{ reasoning_content: 'c' }])
  })
})

describe('tool calls', () => {
  const begun = first(call('', { id: 'call_1', type: 'function' }, 'shell'))
  const more = first(call('{"cmd":"ls"}'))

  it('are held until the answer ends, and come out as they came', () => {
    const trail = start()
    expect(takeAll(trail, [first({ content: 'Let me look.' }), begun, more])).toHaveLength(1)
    expect(trail).toMatchObject({ isHolding: true, disarmedBy: undefined })
    const end = first({}, { finish: 'tool_calls' })
    const out = takeAll(trail, [end])
    expect(out[0]).toBe(begun)
    expect(out[1]).toBe(more)
    expect(out[2]).toBe(end)
    expect(trail).toMatchObject({ isHolding: false, disarmedBy: 'tool_call' })
  })

  it('come out when the next one begins, at another index or under another id', () => {
    for (const head of [
      { index: 1, id: 'call_2' },
      { index: 0, id: 'call_2' },
    ]) {
      const trail = start()
      const next = first({ tool_calls: [{ ...head, function: { name: 'g', arguments: '{}' } }] })
      expect(takeAll(trail, [begun, more, next])).toEqual([begun, more])
      expect(trail).toMatchObject({ isHolding: true, disarmedBy: 'tool_call' })
      expect(takeAll(trail, [first({}, { finish: 'tool_calls' })])).toHaveLength(2)
    }
  })

  it('are whole where their chunk ends the answer', () => {
    const trail = start()
    const whole = first(call('{}', { id: 'call_1' }, 'f'), { finish: 'tool_calls' })
    expect(takeAll(trail, [whole])).toEqual([whole])
  })

  it('keep what comes behind them waiting', () => {
    const trail = start()
    expect(takeAll(trail, [begun, first({ content: 'So' }), more])).toEqual([])
    expect(takeAll(trail, [first({}, { finish: 'tool_calls' })])).toHaveLength(4)
  })

  it('come out where they are too large, and pass from then on', () => {
    const trail = start()
    const large = first(call('x'.repeat(100 * 1024)))
    expect(takeAll(trail, [begun, large, large])).toEqual([])
    expect(takeAll(trail, [large])).toHaveLength(4)
    expect(takeAll(trail, [more])).toEqual([more])
    expect(trail).toMatchObject({ isHolding: false, disarmedBy: 'tool_call' })
  })

  it('are too large where they come in very many pieces', () => {
    const trail = start()
    const out = takeAll(trail, [begun, ...Array.from({ length: 1_400 }, () => more)])
    expect(out.length).toBeGreaterThan(1_000)
  })

  it('come out when they were held for too long, and pass from then on', () => {
    const trail = start()
    takeAll(trail, [begun])
    const out: object[] = []
    trail.release(out)
    expect(out).toEqual([begun])
    expect(takeAll(trail, [more])).toEqual([more])
    expect(trail.disarmedBy).toBe('tool_call')
  })

  it('pass where nobody wants them held', () => {
    const trail = start({ holdsToolCalls: () => false })
    expect(takeAll(trail, [begun])).toEqual([begun])
    expect(trail.disarmedBy).toBe('tool_call')
  })

  it('are forgotten where the attempt breaks off, and are told by the next one', () => {
    const trail = start()
    takeAll(trail, [first({ content: 'Let me look.' }), begun, more])
    trail.resume('restart')
    const other = call('{"cmd":"pwd"}', { id: 'call_9' }, 'shell')
    const out = takeAll(trail, [
      second({ content: 'Let me look.' }),
      second(other),
      second({}, { finish: 'tool_calls' }),
    ])
    expect(deltasOf(out)).toEqual([other, {}])
  })

  it('are no continuation of a text that another attempt left out', () => {
    const trail = resumed('restart', [{ content: 'Let me look.' }])
    expect(() => takeAll(trail, [second({ content: 'Let me' }), second(call('{}', { id: 'c' }, 'f'))])).toThrow(
      Diverged,
    )
  })
})

describe('a further attempt', () => {
  it('goes on behind a prefill under the same id, without a role', () => {
    const trail = resumed('prefill', [{ content: 'Hello ' }])
    expect(trail.isPastSeam).toBe(false)
    const out = takeAll(trail, [second(ROLE), second({ content: ' wor' }), second({ content: 'ld' }), second({}, STOP)])
    expect(out).toEqual([
      { ...second({ content: 'wor' }), id: 'chatcmpl-1', created: 1_700_000_001 },
      { ...second({ content: 'ld' }), id: 'chatcmpl-1', created: 1_700_000_001 },
      { ...second({}, STOP), id: 'chatcmpl-1', created: 1_700_000_001 },
    ])
    expect(trail).toMatchObject({ isPastSeam: true, isFinished: true, disarmedBy: 'finished' })
  })

  it('is suppressed as far as it repeats what was delivered', () => {
    const trail = resumed('restart', [{ content: 'Hel' }, { content: 'lo' }])
    const out = takeAll(trail, [second(ROLE), second({ ...ROLE, content: 'Hello wor' }), second({ content: 'ld' })])
    expect(deltasOf(out)).toEqual([{ content: ' wor' }, { content: 'ld' }])
  })

  it('gives nothing of an answer that differs', () => {
    const trail = resumed('restart', [{ content: 'Hello' }])
    const out: object[] = []
    expect(() => trail.take(second({ content: 'Help' }), out)).toThrow(Diverged)
    expect(out).toEqual([])
  })

  it('may say everything in one chunk', () => {
    const usage = { prompt_tokens: 9, completion_tokens: 2, total_tokens: 11 }
    const trail = resumed('restart', [{ content: 'Hello' }])
    const out = takeAll(trail, [second({ ...ROLE, content: 'Hello world' }, { ...STOP, usage })])
    expect(out).toEqual([
      { ...second({ content: ' world' }, { ...STOP, usage }), id: 'chatcmpl-1', created: 1_700_000_001 },
    ])
  })

  it('ends where all was delivered and nothing but the end is missing', () => {
    const trail = resumed('restart', [{ content: 'Hello' }])
    const out = takeAll(trail, [second({ content: 'Hello' }, STOP)])
    expect(deltasOf(out)).toEqual([{ content: '' }])
    expect(trail.isPastSeam).toBe(true)
  })

  it('tells what was withheld, even in an end without a delta', () => {
    const delivered = 'The first sentence is long enough.'
    const end = { ...second({}), choices: [{ index: 0, finish_reason: 'stop' }] }
    for (const last of [[end], []]) {
      const trail = resumed('prefill', [{ content: delivered }])
      const out = takeAll(trail, [second({ content: 'The' }), second({ content: ' first' }), ...last])
      trail.finish(out)
      expect(deltasOf(out)).toEqual([{ content: 'The first' }])
    }
  })

  it('gives nothing of a server that may have ignored its prefill', () => {
    const delivered = 'The first sentence is long enough.'
    for (const said of [delivered, `\n${delivered}`, `${delivered.slice(0, ECHO_CHARACTERS)} it`]) {
      const trail = resumed('prefill', [{ content: delivered }])
      expect(() => takeAll(trail, [second(ROLE), second({ content: `${said}!` }, STOP)])).toThrow(Diverged)
      expect(trail).toMatchObject({ isPastSeam: false, prefill: delivered })
    }
  })

  it('swallows nothing of an answer that says its first sentence again', () => {
    const sentence = 'I will not talk in class again. '
    const pieces = [sentence, sentence, 'End.'].map((content) => second({ content }))
    const trail = resumed('prefill', [{ content: sentence }])
    expect(() => takeAll(trail, [second(ROLE), ...pieces])).toThrow(Diverged)
    trail.resume('restart')
    const out = takeAll(trail, [second(ROLE), second({ content: sentence }), ...pieces, second({}, STOP)])
    expect(deltasOf(out)).toEqual([{ content: sentence }, { content: sentence }, { content: 'End.' }, {}])
  })

  it('is not past the seam by its role, or by counts', () => {
    const trail = resumed('restart', [{ content: 'Hello' }])
    expect(takeAll(trail, [second(ROLE), { ...second({}), choices: [], usage: { prompt_tokens: 1 } }])).toEqual([])
    expect(trail.isPastSeam).toBe(false)
  })

  it('has the role where nobody told it before', () => {
    const trail = start()
    trail.resume('restart')
    expect(takeAll(trail, [second(ROLE)])).toEqual([second(ROLE)])
    expect(takeAll(trail, [second({ ...ROLE, content: 'Hi' })])).toEqual([second({ content: 'Hi' })])
  })
})

describe('reasoning', () => {
  it('goes on where it is the same', () => {
    const trail = resumed('restart', [{ reasoning_content: 'Let me ' }])
    const out = takeAll(trail, [second({ reasoning_content: 'Let' }), second({ reasoning_content: ' me see' })])
    expect(deltasOf(out)).toEqual([{ reasoning_content: 'see' }])
    expect(trail.isPastSeam).toBe(true)
  })

  it('follows from its own beginning where it is another', () => {
    const trail = resumed('restart', [{ reasoning_content: 'Let me ' }])
    const out = takeAll(trail, [second({ reasoning_content: 'Let' }), second({ reasoning_content: ' us' })])
    expect(deltasOf(out)).toEqual([{ reasoning_content: 'Let us' }])
    trail.resume('restart')
    const again = takeAll(trail, [chunkOf(3, { reasoning_content: 'Let us see' })])
    expect(deltasOf(again)).toEqual([{ reasoning_content: ' see' }])
  })

  it('may be shorter the second time', () => {
    const trail = resumed('restart', [{ reasoning_content: 'Let me see' }])
    const out = takeAll(trail, [second({ reasoning_content: 'Let' }), second({ content: 'Hi' }), second({}, STOP)])
    expect(deltasOf(out)).toEqual([{ content: 'Hi' }, {}])
  })

  it('is not wanted once there is text', () => {
    for (const mode of ['restart', 'prefill'] as const) {
      const trail = resumed(mode, [{ reasoning_content: 'Hm' }, { content: 'Hello' }])
      const thought = second({ reasoning_content: 'Other thoughts', content: '' })
      const text = second({ content: mode === 'restart' ? 'Hello!' : '!' })
      expect(deltasOf(takeAll(trail, [thought, text]))).toEqual([{ content: '!' }])
    }
  })

  it('is not wanted with its signature, either', () => {
    const trail = resumed('restart', [{ content: 'Hello' }])
    const signed = second({ reasoning_details: [{ type: 'reasoning.text', text: 'Hm', signature: 'abc' }] })
    expect(deltasOf(takeAll(trail, [signed, second({ content: 'Hello!' })]))).toEqual([{ content: '!' }])
    expect(trail.disarmedBy).toBeUndefined()
  })

  it('is told without a signature where it goes on with an unsigned one', () => {
    const trail = resumed('restart', [{ reasoning_details: [{ type: 'reasoning.text', text: 'Let' }] }])
    const out = takeAll(trail, [
      second({ reasoning_details: [{ type: 'reasoning.text', text: 'Let me', format: 'anthropic-claude-v1' }] }),
      second({ reasoning_details: [{ type: 'reasoning.text', signature: 'abc', format: 'anthropic-claude-v1' }] }),
    ])
    expect(deltasOf(out)).toEqual([{ reasoning_details: [{ type: 'reasoning.text', text: ' me', index: 0 }] }, {}])
    expect(trail.disarmedBy).toBeUndefined()
  })

  it('stays in the field the caller knows it from', () => {
    const trail = resumed('restart', [{ reasoning_content: 'Let' }])
    const out = takeAll(trail, [second({ reasoning: 'Let me' }), second({ reasoning: ' see' })])
    expect(deltasOf(out)).toEqual([{ reasoning_content: ' me' }, { reasoning_content: ' see' }])
  })

  it('behind the text that was delivered is new', () => {
    const trail = resumed('restart', [{ content: 'Hello' }])
    expect(deltasOf(takeAll(trail, [second({ content: 'Hello' }), second({ reasoning: 'Hm' })]))).toEqual([
      { reasoning: 'Hm' },
    ])
  })

  it('behind the text is not told twice', () => {
    const trail = resumed('restart', [{ content: 'Hello' }, { reasoning: 'Hm' }])
    const out = takeAll(trail, [second({ content: 'Hello' }), second({ reasoning: 'Hm.' }), second({ content: '!' })])
    expect(deltasOf(out)).toEqual([{ content: '!' }])
  })
})

describe('token counts', () => {
  const usage = {
    prompt_tokens: 20,
    completion_tokens: 5,
    total_tokens: 25,
    prompt_tokens_details: { cached_tokens: 0 },
  }
  const counts = { ...second({}), choices: [], usage }

  it('of a restart are those of the whole answer', () => {
    const trail = resumed('restart', [{ content: 'Hel' }, { content: 'lo' }])
    expect(takeAll(trail, [second({ content: 'Hello!' }, STOP), counts])[1]).toMatchObject({ usage })
  })

  it('behind a prefill count it as output', () => {
    const trail = resumed('prefill', [{ content: 'Hel' }, { content: 'lo' }])
    const out = takeAll(trail, [second({ content: '!' }, STOP), counts, { ...counts, x_groq: { id: 'r', usage } }])
    const whole = { ...usage, prompt_tokens: 18, completion_tokens: 7 }
    expect(out.slice(1)).toMatchObject([{ usage: whole }, { usage: whole, x_groq: { id: 'r', usage: whole } }])
  })

  it('take large pieces for more than a token', () => {
    const trail = resumed('prefill', [{ content: 'x'.repeat(40) }])
    const out = takeAll(trail, [second({ content: '!' }, STOP), counts])
    expect(out[1]).toMatchObject({ usage: { prompt_tokens: 10, completion_tokens: 15, total_tokens: 25 } })
  })

  it('are never below nothing', () => {
    const trail = resumed('prefill', [{ content: 'x'.repeat(400) }])
    const out = takeAll(trail, [second({ content: '!' }, STOP), counts])
    expect(out[1]).toMatchObject({ usage: { prompt_tokens: 0, completion_tokens: 105, total_tokens: 105 } })
  })
})
