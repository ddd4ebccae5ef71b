import Anthropic from '@anthropic-ai/sdk'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { messageContinuation } from './continuation.ts'
import { type Attempt, BrokenMessage, contentsOf, type Story } from './fixtures/broken-message.ts'
import { contentBlocks, thoughtBlock } from './fixtures/message-arbitraries.ts'
import type { Told } from './fixtures/message-events.ts'

const attempt: fc.Arbitrary<Attempt> = fc.record({
  does: fc.constantFrom('continue', 'echo', 'restart'),
  isOther: fc.oneof({ weight: 3, arbitrary: fc.constant(false) }, { weight: 1, arbitrary: fc.boolean() }),
  thoughts: fc.array(fc.option(thoughtBlock, { nil: undefined }), { maxLength: 3 }),
  pieces: fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 4 }),
  breaksAt: fc.double({ min: 0.1, max: 0.95, noNaN: true }),
  repeatsSpace: fc.boolean(),
})

/** Another answer, which begins like this one. */
function otherOf(whole: readonly Told[], more: readonly Told[], at: number, length: number): readonly Told[] {
  const block = whole[at]
  if (block?.type !== 'text') return [...whole.slice(0, at), ...more]
  return [...whole.slice(0, at), { ...block, said: `${block.said.slice(0, length)}x` }, ...more]
}

const story: fc.Arbitrary<Story> = fc
  .record({
    whole: contentBlocks,
    more: contentBlocks,
    at: fc.nat(4),
    length: fc.nat(20),
    attempts: fc.array(attempt, { minLength: 1, maxLength: 4 }),
    holds: fc.boolean(),
    isFast: fc.boolean(),
  })
  .map(({ more, at, length, ...rest }) => ({ ...rest, other: otherOf(rest.whole, more, at, length) }))

const runs = { numRuns: 3_000 }

describe('a message that breaks off anywhere, any number of times', () => {
  it('is for its caller the whole answer of the attempt that ended it', () => {
    fc.assert(
      fc.property(story, (told) => {
        const { message, isWhole, outcomes } = new BrokenMessage(told)
        const last = outcomes.at(-1)
        if (!isWhole || last === undefined) return
        // Who tells another answer from its beginning, and was asked for the rest of this one, cannot be found out.
        if (last.does === 'echo' && !last.isFaithful) return
        const got = contentsOf(message.blocks)
        expect(got.map(({ type, id }) => [type, id])).toEqual(
          last.told.map((block) => [block.type, block.type === 'tool_use' ? block.id : undefined]),
        )
        for (const [at, block] of last.told.entries()) {
          const said = got[at]?.said ?? ''
          const expected =
            block.said + (block.type === 'text' && block.citation !== undefined ? citation(block.citation) : '')
          if (last.isFaithful) expect(said).toBe(expected)
          else expect(said.trimEnd()).toBe(expected.trimEnd())
        }
      }),
      runs,
    )
  })

  it('has nothing of an attempt that begins the answer again in spite of its prefill', () => {
    let told = 0
    fc.assert(
      fc.property(story, (each) => {
        for (const { does, isFaithful, ended, gave } of new BrokenMessage(each).outcomes) {
          if (does !== 'echo' || !isFaithful) continue
          expect(ended).not.toBe('whole')
          expect(gave).toBe(0)
          if (ended === 'diverged') told += 1
        }
      }),
      runs,
    )
    expect(told).toBeGreaterThan(runs.numRuns / 20)
  })

  it('has its thinking whole where it is signed, and else at least the beginning of it', () => {
    fc.assert(
      fc.property(story, (told) => {
        const { message } = new BrokenMessage(told)
        const thoughts = told.attempts.flatMap((each) => each.thoughts)
        for (const block of message.blocks) {
          if (!block.type.includes('thinking')) continue
          const isKnown = thoughts.some((thought) => {
            if (thought === undefined || thought.type !== block.type) return false
            if (block.signature === '') return thought.said.startsWith(block.said)
            return thought.type === 'thinking' && thought.said === block.said && thought.signature === block.signature
          })
          expect(isKnown, JSON.stringify(block)).toBe(true)
        }
      }),
      runs,
    )
  })

  it('is never refused where the other attempt is faithful and can be told', () => {
    let recovered = 0
    fc.assert(
      fc.property(story, (told) => {
        for (const outcome of new BrokenMessage(told).outcomes.slice(1)) {
          if (!outcome.isFaithful || outcome.isAmbiguous || outcome.does === 'echo') continue
          expect(outcome.ended).not.toBe('diverged')
          if (outcome.ended === 'whole') recovered += 1
        }
      }),
      runs,
    )
    expect(recovered).toBeGreaterThan(runs.numRuns / 20)
  })

  it('is read to its end by the official SDK', async () => {
    await fc.assert(
      fc.asyncProperty(story, async (told) => {
        const { got, isWhole, message } = new BrokenMessage(told)
        if (!isWhole) return
        const body = got.map(messageContinuation.encode).join('') + messageContinuation.signOfLife
        const headers = { 'content-type': 'text/event-stream' }
        const client = new Anthropic({ apiKey: 'x', fetch: async () => new Response(body, { headers }) })
        const stream = client.messages.stream({ model: 'm', max_tokens: 1, messages: [{ role: 'user', content: 'x' }] })
        const final = await stream.finalMessage()
        expect(final.id).toBe('msg_1')
        expect(final.content.map((block) => [block.type, saidIn(block)])).toEqual(
          message.blocks.map(({ type, said }) => [type, said]),
        )
      }),
      { numRuns: 200 },
    )
  })
})

function citation(text: string): string {
  return JSON.stringify({ type: 'char_location', cited_text: text })
}

function saidIn(block: Anthropic.ContentBlock): string | undefined {
  switch (block.type) {
    case 'text':
      return block.text + (block.citations ?? []).map((each) => JSON.stringify(each)).join('')
    case 'thinking':
      return block.thinking
    case 'redacted_thinking':
      return block.data
    case 'tool_use':
      return '{"a": 1}'
    default:
      return undefined
  }
}
