import { connect, type Socket } from 'node:net'
import { expect, it } from 'vitest'
import type { FailoverEvent } from '../../src/index.ts'
import { chunk, chunkedHead, startRawServer } from '../support/raw-server.ts'
import { GatewayWorld } from './gateway-world.ts'
import { OpenThings, until } from './open-things.ts'
import { bodyFor, bothAt, DIALECTS, requestBytes } from './raw-client.ts'
import { WORDINGS } from './stage.ts'

/** Events with little text and much around it, so that connections fill up long before there is too much text to keep. */
const EVENTS = 6_000
const PADDING = 'p'.repeat(8_000)
/** What may be on the way in the gateway for one client: its response's buffer, one read of a socket, and a little. */
const MAX_PENDING_BYTES = 1024 * 1024

/** Writes a long answer as fast as it is taken. */
class Flood {
  readonly socket: Socket
  written = 0
  readonly #blocks: readonly string[]

  constructor(socket: Socket, blocks: readonly string[]) {
    this.socket = socket
    this.#blocks = blocks
    socket.write(chunkedHead({ 'content-type': 'text/event-stream' }))
    this.#pump()
  }

  get isComplete(): boolean {
    return this.written === this.#blocks.length
  }

  readonly #pump = (): void => {
    while (!this.socket.destroyed && !this.isComplete) {
      const isRoom = this.socket.write(chunk(this.#blocks[this.written] ?? ''))
      this.written += 1
      if (!isRoom) {
        this.socket.once('drain', this.#pump)
        return
      }
    }
    this.socket.write(chunk(''))
  }

  /** Waits until nothing moves any more. */
  async isStill(): Promise<void> {
    for (let before = -1, still = 0; still < 10; still = this.written === before ? still + 1 : 0) {
      before = this.written
      await new Promise((resolve) => setTimeout(resolve, 30))
    }
  }
}

it.each(DIALECTS)(
  'a client of $dialect that does not read slows whoever goes on with its answer, too',
  async ({ dialect, path }) => {
    const { begin, text, textEnd, end } = WORDINGS[dialect]
    const padded = (word: string): string => text(word).replace('data: {', `data: {"padding":"${PADDING}",`)
    const words = Array.from({ length: EVENTS }, (_, index) => `word ${index}, `)
    const blocks = [begin, ...words.map(padded), textEnd + end]
    const floods: Flood[] = []
    using open = new OpenThings()
    await using server = await startRawServer((socket) => floods.push(new Flood(socket, blocks)))
    await using world = await GatewayWorld.start({ providers: bothAt(server.url) })
    const events: FailoverEvent[] = []
    world.manager.on('*', (event) => events.push(event))
    const { port } = world.gateway
    const client = connect(port, '127.0.0.1')
    using _ = { [Symbol.dispose]: () => client.destroy() }
    const received: Buffer[] = []
    client.on('data', (bytes) => received.push(bytes))
    const body = bodyFor(`${dialect}/a`, { stream: true, models: [`${dialect}/a`, `${dialect}/b`] })
    client.write(requestBytes(path, body))
    const pending = (): number => Math.max(0, ...open.sockets(port).map(({ writableLength }) => writableLength))

    await until('it begins', () => received.length > 0)
    client.pause()
    await floods[0]?.isStill()
    expect(floods[0]?.isComplete).toBe(false)
    expect(pending()).toBeLessThan(MAX_PENDING_BYTES)

    floods[0]?.socket.resetAndDestroy()
    client.resume()
    await until('somebody goes on', () => floods.length > 1)
    client.pause()
    await floods[1]?.isStill()
    expect(floods[1]?.isComplete).toBe(false)
    expect(pending()).toBeLessThan(MAX_PENDING_BYTES)

    client.resume()
    await until('it ends', () => received.at(-1)?.toString('latin1').endsWith('0\r\n\r\n') === true)
    const said = Buffer.concat(received)
      .toString('latin1')
      .replaceAll(/\r\n(?:[0-9a-f]+\r\n)?/g, '')
    const found = [...said.matchAll(/(?:"content"|"text"): ?"(word \d+, )"/g)].map(([, word]) => word)
    expect(found).toEqual(words)
    expect(said.split(end)).toHaveLength(2)
    expect(events.map(({ type }) => type)).toContain('recovery_succeeded')
  },
)
