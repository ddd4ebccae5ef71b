import { describe, expect, it } from 'vitest'
import type { FailoverEvent } from '../../src/index.ts'
import {
  type Answer,
  DEFAULT_ANSWER,
  type DialectName,
  type Fault,
  type FaultProvider,
  faults,
  startFaultProvider,
} from '../../src/testing/index.ts'
import { GatewayWorld, type GatewayWorldOptions } from './gateway-world.ts'
import { bodyFor, DIALECTS } from './raw-client.ts'
import { bodyIn, Stage, WORDINGS } from './stage.ts'

const CALL: Answer = { text: 'Let me look. ', toolCalls: [{ name: 'look', arguments: { where: 'under the bed' } }] }

interface RecoveryWorld extends AsyncDisposable {
  readonly world: GatewayWorld
  readonly provider: FaultProvider
  readonly events: FailoverEvent[]
  /** Asks for `first`, then `second` where that fails, and reads the whole stream. */
  ask(more?: object, headers?: Readonly<Record<string, string>>): Promise<StreamRead>
}

interface StreamRead {
  readonly headers: Headers
  readonly raw: string
  readonly events: readonly EventRead[]
}

/** What an event of either dialect may have. */
interface EventRead {
  readonly type?: string
  readonly id?: string
  readonly index?: number
  readonly model?: string
  readonly message?: { readonly id?: string }
  readonly choices?: readonly {
    readonly delta: {
      readonly role?: string
      readonly content?: string | null
      readonly tool_calls?: readonly { readonly id?: string; readonly function: { readonly arguments?: string } }[]
    }
    readonly finish_reason: string | null
  }[]
  readonly delta?: { readonly text?: string; readonly partial_json?: string; readonly stop_reason?: string }
  readonly content_block?: { readonly type: string; readonly id?: string }
  readonly error?: object
}

/** A provider whose model `first` fails so, and whose model `second` answers, well or otherwise. */
async function start(
  dialect: DialectName,
  first: Fault,
  second: Fault = {},
  { manager, prefill = false, ...options }: Partial<GatewayWorldOptions> & { readonly prefill?: boolean } = {},
): Promise<RecoveryWorld> {
  await using started = new AsyncDisposableStack()
  const provider = started.use(await startFaultProvider({ models: { first, second } }))
  const world = started.use(
    await GatewayWorld.start({
      providers: { main: { dialect, baseUrl: provider.url, prefill } },
      ...(manager && { manager }),
      ...options,
    }),
  )
  const events: FailoverEvent[] = []
  world.manager.on('*', (event) => events.push(event))
  const stack = started.move()
  return {
    world,
    provider,
    events,
    async ask(more = {}, headers = {}) {
      const path = DIALECTS.find((known) => known.dialect === dialect)?.path
      const response = await fetch(`${world.gateway.url}${path}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...headers },
        body: bodyFor('main/first', { models: ['main/first', 'main/second'], stream: true, ...more }),
      })
      const raw = await response.text()
      return { headers: response.headers, raw, events: eventsIn(raw) }
    },
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  }
}

function eventsIn(raw: string): EventRead[] {
  return raw
    .split('\n\n')
    .flatMap((block) => /^data: (\{.*)$/m.exec(block)?.[1] ?? [])
    .map((json) => JSON.parse(json))
}

function textOf({ events }: StreamRead): string {
  return events.map(({ choices, delta }) => choices?.[0]?.delta.content ?? delta?.text ?? '').join('')
}

function argumentsOf({ events }: StreamRead): string {
  return events
    .map(({ choices, delta }) => choices?.[0]?.delta.tool_calls?.[0]?.function.arguments ?? delta?.partial_json ?? '')
    .join('')
}

/** The ends that clients go by. */
function endsIn({ raw, events }: StreamRead): string[] {
  return events
    .flatMap(({ type, choices, error }) => {
      if (error !== undefined) return ['error']
      if (choices?.[0]?.finish_reason) return [choices[0].finish_reason]
      return type === 'message_stop' || type === 'message_delta' ? [type] : []
    })
    .concat(raw.includes('data: [DONE]') ? ['[DONE]'] : [])
}

/** Ways to get tool calls piece by piece. */
interface EagerCalls {
  readonly are: string
  readonly more?: object
  readonly headers?: Readonly<Record<string, string>>
  readonly manager?: NonNullable<GatewayWorldOptions['manager']>
}

const PASSED: EagerCalls = { are: 'are to be passed on', manager: { stream: { toolCalls: 'pass' } } }
const EAGER: readonly EagerCalls[] = [
  { are: 'are asked for eagerly', more: { tools: [{ name: 'look', eager_input_streaming: true }] } },
  { are: 'are asked for in a beta', headers: { 'anthropic-beta': 'a,fine-grained-tool-streaming-2025-05-14' } },
]
const END = { openai: ['stop', '[DONE]'], anthropic: ['message_delta', 'message_stop'] }
const told = ({ events }: RecoveryWorld): string[] =>
  events.filter(({ type }) => type.startsWith('recovery_')).map(({ type }) => type)

describe.concurrent.each(DIALECTS)('a stream of $dialect that breaks off', ({ dialect }) => {
  it.each<[string, Fault]>([
    ['is cut', faults.cutAfter(20)],
    ['is reset', faults.resetAfter(20)],
    ['ends as if that were all', faults.endAfter(20)],
    ['says that it fails', faults.errorAfter(20)],
    ['is cut within an event', faults.cutAtByte(3_333)],
    ['stalls', faults.stallAfter(20)],
  ])('and %s goes on elsewhere, and the client sees one answer', async (_, fault) => {
    await using broken = await start(dialect, fault, {}, { manager: { timeouts: { idleMs: 200 } } })
    const read = await broken.ask()
    expect(textOf(read)).toBe(DEFAULT_ANSWER)
    expect(endsIn(read)).toEqual(END[dialect])
    expect(new Set(read.events.flatMap(({ id, message }) => id ?? message?.id ?? [])).size).toBe(1)
    const begins = read.events.filter(
      ({ type, choices }) => type === 'message_start' || choices?.[0]?.delta.role === 'assistant',
    )
    expect(begins).toHaveLength(1)
    expect(read.events.filter(({ type }) => type === 'content_block_start').length).toBe(dialect === 'openai' ? 0 : 1)
    expect(read.headers.get('x-hotspare-target')).toBe('main/first@main:1')
    expect(read.headers.get('x-hotspare-attempts')).toBe('1')
    expect(told(broken)).toEqual(['recovery_started', 'recovery_succeeded'])
    expect(broken.events.at(-1)).toMatchObject({ type: 'request_succeeded' })
    expect(broken.provider.attempts.map(({ model }) => model)).toEqual(['first', 'second'])
  })

  it('goes on from a prefill where the target takes one, and its body is changed by nothing else', async () => {
    await using broken = await start(dialect, faults.cutAfter(20), {}, { prefill: true })
    const read = await broken.ask({ temperature: 0.5 })
    expect(textOf(read)).toBe(DEFAULT_ANSWER)
    expect(endsIn(read)).toEqual(END[dialect])
    const [first, second] = broken.provider.attempts.map(({ body }) => body as { messages: readonly object[] })
    const [delivered = ''] = /^(?:\s*\S+){20}/.exec(DEFAULT_ANSWER) ?? []
    expect(second).toEqual({
      ...first,
      model: 'second',
      messages: [...(first?.messages ?? []), { role: 'assistant', content: delivered }],
    })
  })

  it('is kept as it was said where its events have a text of the same name beside the answer’s own', async () => {
    const { begin, text, textEnd, end } = WORDINGS[dialect]
    const foreign = dialect === 'openai' ? 'content' : 'text'
    const twice = (word: string): string => text(word).replace('data: {', `data: {"${foreign}":"${word}",`)
    await using stage = await Stage.start(dialect, { prefill: true })
    const client = stage.ask()
    const said = begin + ['one', ' two', ' three', ' four'].map(twice).join('')
    const socket = await stage.begin(1, said)
    await client.sees('four')
    socket.destroy()
    stage.finish(await stage.begin(2, begin), text(' five') + textEnd + end)
    await client.sees(dialect === 'openai' ? '[DONE]' : 'event: message_stop')
    expect(bodyIn(client).startsWith(said + text(' five') + textEnd)).toBe(true)
    const { body = '' } = stage.server.requests[1] ?? {}
    expect(JSON.parse(body).messages.at(-1)).toEqual({ role: 'assistant', content: 'one two three four' })
  })

  it('and had said everything but how it ends is complete, whatever way it goes on', async () => {
    const tokens = DEFAULT_ANSWER.trim().split(/\s+/).length
    for (const prefill of [false, true]) {
      await using broken = await start(dialect, faults.cutAfter(tokens), {}, { prefill })
      const read = await broken.ask()
      expect(textOf(read)).toBe(DEFAULT_ANSWER)
      expect(endsIn(read)).toEqual(END[dialect])
      expect(broken.provider.attempts).toHaveLength(2)
    }
  })

  it('goes on from a restart where a prefill is refused, and nobody hears of the refusal', async () => {
    await using broken = await start(dialect, faults.cutAfter(20), faults.noPrefill(), { prefill: true })
    const read = await broken.ask()
    expect(textOf(read)).toBe(DEFAULT_ANSWER)
    expect(endsIn(read)).toEqual(END[dialect])
    expect(broken.provider.attempts.map(({ model }) => model)).toEqual(['first', 'second', 'second'])
  })

  it('breaks off again and again, as often as its budget allows', async () => {
    await using broken = await start(dialect, faults.cutAfter(10), faults.once(faults.cutAfter(30)))
    const read = await broken.ask()
    expect(textOf(read)).toBe(DEFAULT_ANSWER)
    expect(endsIn(read)).toEqual(END[dialect])
    expect(broken.provider.attempts.length).toBeGreaterThanOrEqual(3)
  })

  it('ends with an error where every other answer says something else, and nothing of those is told', async () => {
    const other = 'When one provider fails, nobody helps. '.repeat(4)
    await using broken = await start(dialect, faults.cutAfter(20), { answer: other })
    broken.provider.set({ model: 'first', fault: [faults.once(faults.cutAfter(20)), { answer: other }] })
    const read = await broken.ask()
    expect(DEFAULT_ANSWER.startsWith(textOf(read))).toBe(true)
    expect(textOf(read).split(/\s+/).filter(Boolean)).toHaveLength(20)
    expect(endsIn(read)).toEqual(['error'])
    expect(told(broken)).toContain('recovery_failed')
  })

  it('ends with the error of its break where recovery is off, and so does one with a tool call out', async () => {
    await using off = await start(dialect, faults.cutAfter(20), {}, { manager: { recovery: { midStream: 'off' } } })
    expect(endsIn(await off.ask())).toEqual(['error'])
    expect(off.provider.attempts).toHaveLength(1)
    await using called = await start(dialect, {
      answer: { ...CALL, toolCalls: [...(CALL.toolCalls ?? []), { name: 'look', arguments: { where: 'elsewhere' } }] },
      cutAfterTokens: 9,
    })
    const read = await called.ask()
    expect(endsIn(read)).toEqual(['error'])
    expect(argumentsOf(read)).toBe('{"where":"under the bed"}')
    expect(called.provider.attempts).toHaveLength(1)
  })

  it('in the midst of a tool call brings the call once and whole', async () => {
    await using broken = await start(dialect, { ...faults.cutAfter(5), answer: CALL }, { answer: CALL })
    const read = await broken.ask()
    expect(textOf(read)).toBe(CALL.text)
    expect(argumentsOf(read)).toBe('{"where":"under the bed"}')
    expect(endsIn(read)).toEqual(dialect === 'openai' ? ['tool_calls', '[DONE]'] : END.anthropic)
  })

  it.each(dialect === 'openai' ? [PASSED] : [PASSED, ...EAGER])(
    'in the midst of a tool call ends with an error where they $are',
    async ({ more = {}, headers = {}, manager = {} }) => {
      await using broken = await start(dialect, { ...faults.cutAfter(5), answer: CALL }, { answer: CALL }, { manager })
      const read = await broken.ask(more, headers)
      expect(argumentsOf(read)).not.toBe('')
      expect('{"where":"under the bed"}'.startsWith(argumentsOf(read))).toBe(true)
      expect(endsIn(read)).toEqual(['error'])
      expect(broken.provider.attempts).toHaveLength(1)
    },
  )

  it('is byte for byte as its provider sent it where nothing breaks, tool calls that were held included', async () => {
    await using sound = await start(dialect, { answer: CALL })
    const read = await sound.ask()
    const direct = await fetch(`${sound.provider.url}${DIALECTS.find((known) => known.dialect === dialect)?.path}`, {
      method: 'POST',
      body: bodyFor('first', { stream: true }),
    })
    const plain = (text: string): string => text.replaceAll(/"id":"[^"]*"|"created":\d+|_tokens":\d+/g, '')
    expect(plain(read.raw)).toBe(plain(await direct.text()))
  })
})
