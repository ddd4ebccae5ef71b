import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { expect } from 'vitest'

/** The dialects the gateway serves, and what ends a stream in each. */
export const DIALECTS = [
  { dialect: 'openai', path: '/v1/chat/completions', end: 'data: [DONE]\n\n' },
  { dialect: 'anthropic', path: '/v1/messages', end: 'data: {"type":"message_stop"}\n\n' },
] as const
export type DialectName = (typeof DIALECTS)[number]['dialect']

/** A provider of each dialect, named after it, at one address. */
export function bothAt(baseUrl: string, more: { keys?: readonly string[]; headers?: Record<string, string> } = {}) {
  return { openai: { baseUrl, ...more }, anthropic: { dialect: 'anthropic', baseUrl, ...more } } as const
}

/** A body that both dialects take. */
export function bodyFor(model: string, more: object = {}): string {
  return JSON.stringify({ model, max_tokens: 100, messages: [{ role: 'user', content: 'Go on.' }], ...more })
}

/** A POST as it goes over the wire. Its length is said unless the headers say how it comes. */
export function requestBytes(
  path: string,
  body: string | Buffer,
  headers: Readonly<Record<string, string>> = {},
): Buffer {
  const length = 'transfer-encoding' in headers ? {} : { 'content-length': `${Buffer.byteLength(body)}` }
  const all = { host: '127.0.0.1', 'content-type': 'application/json', ...length, ...headers }
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`)
  return Buffer.concat([Buffer.from(`POST ${path} HTTP/1.1\r\n${lines.join('')}\r\n`), Buffer.from(body)])
}

/** A client that writes what it likes and keeps every byte it gets. */
export class RawClient implements Disposable {
  readonly socket: Socket
  /** Everything that came, as it came. */
  received = ''
  #wake: () => void = () => {}

  constructor(port: number) {
    this.socket = connect({ port, host: '127.0.0.1', noDelay: true })
    this.socket.on('error', () => {}).on('close', () => this.#wake())
    this.socket.setEncoding('latin1').on('data', (text: string) => {
      this.received += text
      this.#wake()
    })
  }

  /** Waits until this has come, or the condition holds; fails once it no longer can. */
  async sees(what: string | (() => boolean)): Promise<void> {
    const isThere = typeof what === 'string' ? () => this.received.includes(what) : what
    while (!isThere()) {
      if (this.socket.destroyed) throw new Error(`closed without ${what}: ${this.received.slice(0, 2_000)}`)
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
  }

  /** Waits for the end of the connection. @returns everything that came */
  async closed(): Promise<string> {
    if (!this.socket.closed) await once(this.socket, 'close')
    return this.received
  }

  [Symbol.dispose](): void {
    this.socket.destroy()
  }
}

/** Sends these bytes and waits for the end of the connection. @returns everything that came */
export async function exchangeRaw(port: number, bytes: string | Buffer): Promise<string> {
  using client = new RawClient(port)
  client.socket.write(bytes)
  return await client.closed()
}

/** The body of an answer that came with its length. */
export function bodyOf(answer: string): unknown {
  return JSON.parse(Buffer.from(answer.slice(answer.indexOf('\r\n\r\n') + 4), 'latin1').toString())
}

/** An error in the form of a dialect, and nothing else. */
export function errorShape(dialect: DialectName, message: RegExp): object {
  const code = expect.stringMatching(/^[a-z_]+$/)
  const told = { message: expect.stringMatching(message), type: code }
  return dialect === 'openai'
    ? { error: { ...told, param: null, code } }
    : { type: 'error', error: { ...told, details: { error_code: code } } }
}
