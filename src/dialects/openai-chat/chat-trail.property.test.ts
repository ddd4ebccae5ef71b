import fc from 'fast-check'
import { expect, it } from 'vitest'
import { Diverged, ECHO_CHARACTERS, prefillOf } from '../../recovery/index.ts'
import type { DialectTrail } from '../continuation-format.ts'
import { chatContinuation } from './continuation.ts'
import { openaiChat } from './index.ts'

interface Answer {
  readonly reasoning: string
  readonly text: string
  readonly calls: readonly { readonly name: string; readonly args: string }[]
}

/** How one server writes its answers. */
interface Style {
  readonly reasoningKey: 'reasoning_content' | 'reasoning'
  readonly repeatsRole: boolean
  /** Whole calls in single chunks, all of them at index 0. */
  readonly wholeCalls: boolean
  /** The last piece, the finish reason and the counts come in one chunk. */
  readonly endsAtOnce: boolean
  readonly cuts: readonly number[]
}

interface Usage {
  readonly prompt_tokens: number
  readonly completion_tokens: number
  readonly total_tokens: number
}

interface Delta {
  readonly role?: string
  readonly content?: string | null
  readonly reasoning_content?: string
  readonly reasoning?: string
  readonly tool_calls?: readonly { index: number; id?: string; function: { name?: string; arguments: string } }[]
}

interface Event {
  readonly id: string
  readonly created: number
  readonly choices: readonly { readonly delta: Delta; readonly finish_reason: string | null }[]
  readonly usage?: Usage
}

const word = fc.oneof(
  fc.constantFrom('a', 'b', ' ', '\n', '  ', '😀', '"', '\\', 'é', 'Certainly! Here is the answer: '),
  fc.lorem({ maxCount: 4 }),
)
const words = fc.array(word, { maxLength: 12 }).map((parts) => parts.join(''))
const answers: fc.Arbitrary<Answer> = fc.record({
  reasoning: fc.oneof(fc.constant(''), words),
  text: words,
  calls: fc.array(
    fc.record({ name: fc.constantFrom('f', 'shell'), args: words.map((text) => JSON.stringify({ text })) }),
    {
      maxLength: 3,
    },
  ),
})
const styles: fc.Arbitrary<Style> = fc.record({
  reasoningKey: fc.constantFrom('reasoning_content', 'reasoning'),
  repeatsRole: fc.boolean(),
  wholeCalls: fc.boolean(),
  endsAtOnce: fc.boolean(),
  cuts: fc.array(fc.nat(200), { maxLength: 8 }),
})

function pieces(text: string, cuts: readonly number[]): string[] {
  const at = [0, ...cuts.map((cut) => cut % (text.length + 1)), text.length].sort((left, right) => left - right)
  return at.slice(1).flatMap((end, index) => {
    const piece = text.slice(at[index], end)
    return piece === '' ? [] : [piece]
  })
}

function callDeltas({ calls }: Answer, { wholeCalls, cuts }: Style, attempt: number): Delta[] {
  return calls.flatMap(({ name, args }, place) => {
    const id = `call_${attempt}_${place}`
    if (wholeCalls) return [{ tool_calls: [{ index: 0, id, function: { name, arguments: args } }] }]
    const more = pieces(args, cuts).map((piece) => ({ tool_calls: [{ index: place, function: { arguments: piece } }] }))
    return [{ tool_calls: [{ index: place, id, function: { name, arguments: '' } }] }, ...more]
  })
}

/** The events of one attempt, as its server sends them. */
function eventsOf(answer: Answer, style: Style, attempt: number): Event[] {
  const deltas: Delta[] = [
    ...pieces(answer.reasoning, style.cuts).map((piece) => ({ [style.reasoningKey]: piece, content: null })),
    ...pieces(answer.text, style.cuts).map((content) => ({ content })),
    ...callDeltas(answer, style, attempt),
  ]
  const event = (delta: Delta, rest: { finish?: string; usage?: Usage } = {}): Event => ({
    id: `chatcmpl-${attempt}`,
    created: 1_000 + attempt,
    choices: [{ delta, finish_reason: rest.finish ?? null }],
    ...(rest.usage === undefined ? undefined : { usage: rest.usage }),
  })
  const role = { role: 'assistant' }
  const finish = answer.calls.length > 0 ? 'tool_calls' : 'stop'
  const usage = { prompt_tokens: 1_000, completion_tokens: deltas.length, total_tokens: 1_000 + deltas.length }
  const last = style.endsAtOnce ? deltas.pop() : undefined
  const middle = deltas.map((delta) => event(style.repeatsRole ? { ...role, ...delta } : delta))
  return [
    event({ ...role, content: '' }),
    ...middle,
    ...(style.endsAtOnce
      ? [event(last ?? {}, { finish, usage })]
      : [event({}, { finish }), { ...event({}), choices: [], usage }]),
  ]
}

/** What a plain loop over the events makes of them. */
function assemble(events: readonly Event[]) {
  const deltas = events.flatMap(({ choices }) => choices.map(({ delta }) => delta))
  const calls: { id: string; name: string; args: string }[] = []
  for (const piece of deltas.flatMap(({ tool_calls: made = [] }) => made)) {
    if (piece.id !== undefined) calls.push({ id: piece.id, name: piece.function.name ?? '', args: '' })
    const [latest] = calls.slice(-1)
    if (latest !== undefined) latest.args += piece.function.arguments
  }
  return {
    text: deltas.map(({ content }) => content ?? '').join(''),
    reasoning: deltas.map((delta) => delta.reasoning_content ?? delta.reasoning ?? '').join(''),
    reasoningKeys: new Set(deltas.flatMap((delta) => Object.keys(delta).filter((key) => key.startsWith('reasoning'))))
      .size,
    calls,
    roles: deltas.filter(({ role }) => role !== undefined).length,
    ids: new Set(events.map(({ id, created }) => `${id} ${created}`)).size,
    finishes: events.filter(({ choices }) => choices.some((choice) => choice.finish_reason !== null)).length,
    usages: events.flatMap(({ usage }) => (usage === undefined ? [] : [usage])),
  }
}

function withoutTexts(event: object): string {
  return JSON.stringify(event, (key, value) => (openaiChat.freeText.has(key) && typeof value === 'string' ? '' : value))
}

/** Feeds a trail as the gateway does: what differs from the event before in free texts alone is passed unseen. */
function feed(trail: DialectTrail, events: readonly Event[], usesFamiliar: boolean, out: object[]): void {
  let latest = ''
  for (const event of events) {
    const form = withoutTexts(event)
    if (usesFamiliar && form === latest && trail.passesFamiliar) {
      out.push(event)
      JSON.stringify(event, (key, value) => {
        if (openaiChat.freeText.has(key) && typeof value === 'string') {
          const bytes = Buffer.from(JSON.stringify(value))
          trail.noteFamiliar(key, bytes, 1, bytes.length - 1)
        }
        return value
      })
    } else trail.take(event, out)
    latest = form
  }
}

const attempts = fc.array(
  fc.record({
    style: styles,
    kind: fc.constantFrom('prefill', 'restart', 'echo', 'diverging'),
    breaksAfter: fc.nat(30),
  }),
  { minLength: 1, maxLength: 3 },
)

it('attempts that break off make one answer, or are told from it', () => {
  fc.assert(
    fc.property(
      answers,
      styles,
      fc.nat(30),
      attempts,
      fc.boolean(),
      (answer, style, breaksAfter, further, usesFamiliar) => {
        const trail = chatContinuation.startTrail({
          holdsToolCalls: () => true,
          disarmedBy: () => undefined,
          recovers: true,
        })
        const whole = eventsOf(answer, style, 0)
        const out: Event[] = []
        let prefillTokens = 0
        feed(trail, whole.slice(0, Math.min(breaksAfter, whole.length - 2)), usesFamiliar, out)
        const roles = assemble(out).roles
        for (const [index, { style: other, kind, breaksAfter: next }] of further.entries()) {
          // Whatever was delivered of calls was delivered whole, and forbids to go on.
          const told = assemble(out)
          expect(answer.calls.map(({ args }) => args)).toEqual(
            expect.arrayContaining(told.calls.map(({ args }) => args)),
          )
          expect(trail.disarmedBy).toBe(told.calls.length > 0 ? 'tool_call' : undefined)
          if (told.calls.length > 0) return
          const { prefill } = trail
          expect(prefill ?? '').toBe(prefillOf(told.text))
          if (prefill === undefined && (kind === 'prefill' || kind === 'echo')) return
          const rest = answer.text.slice(kind === 'prefill' ? prefill?.length : 0)
          const said = kind === 'diverging' ? `${rest.slice(0, told.text.length - 1)}#` : rest
          const isLast = index === further.length - 1
          const events = eventsOf({ ...answer, text: said }, other, index + 1)
          trail.resume(kind === 'prefill' || kind === 'echo' ? 'prefill' : 'restart')
          prefillTokens = kind === 'prefill' ? told.text.length : 0
          const before = out.length
          try {
            feed(trail, isLast ? events : events.slice(0, Math.min(next, events.length - 2)), usesFamiliar, out)
            if (isLast) trail.finish(out)
          } catch (error) {
            expect(error).toBeInstanceOf(Diverged)
            expect(out).toHaveLength(before)
            // Nobody can tell a continuation that begins so from an answer that begins again; nothing else may differ.
            const head = told.text.trimStart().slice(0, ECHO_CHARACTERS)
            if (kind === 'prefill') expect(said.trimStart().startsWith(head)).toBe(true)
            else expect(kind).not.toBe('restart')
            return
          }
          if (kind === 'echo') {
            expect(isLast).toBe(false)
            expect(out).toHaveLength(before)
          }
          if (kind === 'diverging') {
            expect(told.text.trim() === '' || !isLast).toBe(true)
            return
          }
          expect(answer.text.startsWith(assemble(out).text)).toBe(true)
        }
        const made = assemble(out)
        expect(made.text).toBe(answer.text)
        expect(made.reasoning).toBe(answer.reasoning)
        expect(made.reasoningKeys).toBeLessThanOrEqual(1)
        expect(made.calls.map(({ name, args }) => ({ name, args }))).toEqual(answer.calls)
        expect(new Set(made.calls.map(({ id }) => id)).size).toBe(answer.calls.length)
        expect(made.roles).toBe(Math.max(1, roles))
        expect(made).toMatchObject({ ids: 1, finishes: 1 })
        expect(made.usages).toHaveLength(1)
        const [
          { prompt_tokens: input, completion_tokens: output, total_tokens: total } = {
            prompt_tokens: 0,
            completion_tokens: 0,
            total_tokens: 0,
          },
        ] = made.usages
        expect(total).toBe(input + output)
        expect(input).toBeLessThanOrEqual(1_000)
        expect(input).toBeGreaterThanOrEqual(1_000 - prefillTokens)
      },
    ),
    { numRuns: 400 },
  )
})
