import type { Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import type { FailoverEvent, FailoverOptions } from '../../src/index.ts'
import { type DialectName, VirtualClock } from '../../src/testing/index.ts'
import { chunk, chunkedHead, type RawServer, startRawServer } from '../support/raw-server.ts'
import { GatewayWorld, type GatewayWorldOptions } from './gateway-world.ts'
import { bodyFor, DIALECTS, RawClient, requestBytes } from './raw-client.ts'

/** How long, real milliseconds, bytes may take from one end to the other on this machine when nobody is to see them. */
const TRAVEL_MS = 30

interface StageOptions {
  readonly manager?: Omit<FailoverOptions, 'profiles' | 'registry' | 'clock'>
  readonly gateway?: NonNullable<GatewayWorldOptions['gateway']>
  readonly prefill?: boolean
}

/** A gateway on a virtual clock between a client that keeps every byte and a server that writes what it is told to. */
export class Stage implements AsyncDisposable {
  readonly clock = new VirtualClock()
  readonly dialect: DialectName
  readonly events: FailoverEvent[] = []
  readonly world: GatewayWorld
  readonly server: RawServer
  readonly #asked: Socket[]
  readonly #disposables: AsyncDisposableStack

  private constructor(
    dialect: DialectName,
    world: GatewayWorld,
    server: RawServer,
    asked: Socket[],
    clock: VirtualClock,
    disposables: AsyncDisposableStack,
  ) {
    this.dialect = dialect
    this.world = world
    this.server = server
    this.clock = clock
    this.#asked = asked
    this.#disposables = disposables
    world.manager.on('*', (event) => this.events.push(event))
  }

  static async start(dialect: DialectName, { manager, gateway, prefill = false }: StageOptions = {}): Promise<Stage> {
    await using started = new AsyncDisposableStack()
    const asked: Socket[] = []
    const server = started.use(await startRawServer((socket) => asked.push(socket)))
    const clock = new VirtualClock()
    const world = started.use(
      await GatewayWorld.start({
        providers: { main: { dialect, baseUrl: server.url, prefill } },
        manager: { ...manager, clock },
        ...(gateway && { gateway }),
      }),
    )
    return new Stage(dialect, world, server, asked, clock, started.move())
  }

  /** A client that asks for the models `a`, `b` and `c` in turn. */
  ask(more: object = {}): RawClient {
    const client = this.#disposables.use(new RawClient(this.world.gateway.port))
    const path = DIALECTS.find(({ dialect }) => dialect === this.dialect)?.path ?? ''
    const models = ['main/a', 'main/b', 'main/c']
    client.socket.write(requestBytes(path, bodyFor('main/a', { models, stream: true, ...more })))
    return client
  }

  /** The connection on which the provider was asked for the so-manieth time; waits until it has been. */
  async asked(times: number): Promise<Socket> {
    for (;;) {
      const socket = this.#asked[times - 1]
      if (socket !== undefined) return socket
      await sleep(1)
    }
  }

  /** The provider answers, and says this much. */
  async begin(times: number, ...texts: readonly string[]): Promise<Socket> {
    const socket = await this.asked(times)
    socket.write(chunkedHead({ 'content-type': 'text/event-stream', 'x-from': 'the provider' }))
    this.say(socket, ...texts)
    return socket
  }

  /** It says more. */
  say(socket: Socket, ...texts: readonly string[]): void {
    for (const text of texts) socket.write(chunk(text))
  }

  /** It has said all. */
  finish(socket: Socket, ...texts: readonly string[]): void {
    this.say(socket, ...texts, '')
  }

  /** What was said has arrived, also where nothing is to be seen of it. */
  async travel(): Promise<void> {
    await sleep(TRAVEL_MS)
  }

  /** Time passes, once everything that was said has arrived. */
  async pass(ms: number): Promise<void> {
    await this.travel()
    await this.clock.advance(ms)
    await this.travel()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#disposables.disposeAsync()
  }
}

/** The pieces of an answer, in each dialect. */
export interface Wording {
  readonly begin: string
  text(text: string): string
  /** The end of a text, where the dialect has one. */
  readonly textEnd: string
  /** The beginning of a tool call. */
  readonly call: string
  piece(json: string): string
  /** The end of a tool call, where the dialect has one. */
  readonly callEnd: string
  readonly ping: string
  readonly end: string
}

const chat = (delta: object, finishReason: string | null = null): string =>
  `data: ${JSON.stringify({ id: 'c-1', object: 'chat.completion.chunk', created: 1, model: 'm', choices: [{ index: 0, delta, finish_reason: finishReason }] })}\n\n`
const message = (event: { readonly type: string; readonly [field: string]: unknown }): string =>
  `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`

export const WORDINGS: Readonly<Record<DialectName, Wording>> = {
  openai: {
    begin: chat({ role: 'assistant', content: '' }),
    text: (content) => chat({ content }),
    textEnd: '',
    call: chat({
      tool_calls: [{ index: 0, id: 'call-1', type: 'function', function: { name: 'look', arguments: '' } }],
    }),
    piece: (json) => chat({ tool_calls: [{ index: 0, function: { arguments: json } }] }),
    callEnd: '',
    ping: ': ping\n\n',
    end: `${chat({}, 'stop')}data: [DONE]\n\n`,
  },
  anthropic: {
    begin:
      message({
        type: 'message_start',
        message: { id: 'm-1', type: 'message', role: 'assistant', model: 'm', content: [], usage: { input_tokens: 1 } },
      }) + message({ type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } }),
    text: (text) => message({ type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text } }),
    textEnd: message({ type: 'content_block_stop', index: 0 }),
    call: message({
      type: 'content_block_start',
      index: 1,
      content_block: { type: 'tool_use', id: 'call-1', name: 'look', input: {} },
    }),
    piece: (json) =>
      message({ type: 'content_block_delta', index: 1, delta: { type: 'input_json_delta', partial_json: json } }),
    callEnd: message({ type: 'content_block_stop', index: 1 }),
    ping: message({ type: 'ping' }),
    end:
      message({ type: 'message_delta', delta: { stop_reason: 'end_turn' }, usage: { output_tokens: 1 } }) +
      message({ type: 'message_stop' }),
  },
}

/** The body of a chunked answer, as far as it came. */
export function bodyIn({ received }: RawClient): string {
  const body = received.slice(received.indexOf('\r\n\r\n') + 4)
  return body.replaceAll(/(?:^|\r\n)[0-9a-f]+\r\n/g, '').replaceAll(/\r\n/g, '')
}
