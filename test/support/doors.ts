import { createParser, type EventSourceMessage } from 'eventsource-parser'
import { Pool } from 'undici'
import { startGateway } from '../../src/gateway/index.ts'
import { textOf } from '../../src/http/index.ts'
import { FailoverError, type FailoverManager } from '../../src/index.ts'
import type { DialectName } from '../../src/testing/index.ts'

/** `gateway` is asked over HTTP, by a client that knows nothing but the dialect. */
export type DoorName = 'library' | 'gateway'
export const DOORS: readonly DoorName[] = ['library', 'gateway']

/** What a caller is told of a failure. The gateway has no reasons, and its codes are in lower case. */
type ToldError = Pick<FailoverError, 'message'> & {
  readonly code: string | undefined
  readonly status?: number | undefined
  readonly inStream?: boolean | undefined
  readonly reason?: string | undefined
}

/** How a request ended. */
export type Outcome =
  | {
      readonly kind: 'answered'
      readonly text: string
      readonly model: string | undefined
      readonly hasUsage: boolean
      readonly tookMs: number
      /** Everything that came. */
      readonly events: readonly object[]
    }
  | {
      readonly kind: 'failed'
      readonly error: ToldError
      readonly textBefore: string
      readonly tookMs: number
      readonly events: readonly object[]
    }

/** A way to ask a manager. */
export interface Door extends AsyncDisposable {
  /** Rejects where what came is neither a whole answer nor a clear error. */
  ask(model: string): Promise<Outcome>
}

interface Asking {
  readonly dialect: DialectName
  readonly isStreaming: boolean
}

export function openDoor(name: DoorName, manager: FailoverManager, asking: Asking): Promise<Door> {
  return name === 'library' ? Promise.resolve(new LibraryDoor(manager, asking)) : GatewayDoor.open(manager, asking)
}

/** What an event or a whole answer of either dialect says besides its text. */
interface ChatEvent {
  readonly type?: string
  readonly model?: string
  readonly message?: { readonly model?: string }
  readonly choices?: readonly { readonly finish_reason?: string | null }[]
  readonly stop_reason?: string
  readonly usage?: { readonly completion_tokens?: number; readonly output_tokens?: number } | null
  readonly error?: {
    readonly message: string
    readonly code?: string
    readonly details?: { readonly error_code?: string }
  }
}

/** An answer as it is put together from its events. */
class Transcript {
  readonly #startedAt = Date.now()
  #model: string | undefined
  readonly #events: object[] = []
  text = ''
  hasUsage = false
  isComplete = false

  take(event: ChatEvent): void {
    this.#events.push(event)
    this.text += textOf(event)
    this.#model = event.model ?? event.message?.model ?? this.#model
    if ((event.usage?.completion_tokens ?? event.usage?.output_tokens ?? 0) > 0) this.hasUsage = true
    if (event.type === 'message_stop' || event.stop_reason || event.choices?.[0]?.finish_reason) this.isComplete = true
  }

  answered(): Outcome {
    const { text, hasUsage } = this
    const tookMs = Date.now() - this.#startedAt
    return { kind: 'answered', text, model: this.#model, hasUsage, tookMs, events: this.#events }
  }

  failed(error: ToldError): Outcome {
    const tookMs = Date.now() - this.#startedAt
    return { kind: 'failed', error, textBefore: this.text, tookMs, events: this.#events }
  }
}

function requestOf(model: string, { dialect, isStreaming }: Asking) {
  return {
    model,
    messages: [{ role: 'user', content: 'Go on.' }],
    stream: isStreaming,
    ...(dialect === 'openai' && isStreaming && { stream_options: { include_usage: true } }),
    ...(dialect === 'anthropic' && { max_tokens: 1_000 }),
  }
}

class LibraryDoor implements Door {
  readonly #manager: FailoverManager
  readonly #asking: Asking
  #asked = 0

  constructor(manager: FailoverManager, asking: Asking) {
    this.#manager = manager
    this.#asking = asking
  }

  async ask(model: string): Promise<Outcome> {
    const transcript = new Transcript()
    try {
      const requestId = `asked-${++this.#asked}`
      const stream = await this.#manager.call(requestOf(model, this.#asking), { requestId })
      for await (const event of stream) transcript.take(event as ChatEvent)
      const { usage } = await stream.completed
      transcript.hasUsage = (usage?.outputTokens ?? 0) > 0
      return transcript.answered()
    } catch (error) {
      if (!(error instanceof FailoverError)) throw error
      return transcript.failed(error)
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {}
}

class GatewayDoor implements Door {
  readonly #gateway: AsyncDisposable
  readonly #client: Pool
  readonly #asking: Asking
  readonly #internalErrors: readonly unknown[]

  private constructor(gateway: AsyncDisposable, client: Pool, asking: Asking, internalErrors: readonly unknown[]) {
    this.#gateway = gateway
    this.#client = client
    this.#asking = asking
    this.#internalErrors = internalErrors
  }

  static async open(manager: FailoverManager, asking: Asking): Promise<GatewayDoor> {
    const internalErrors: unknown[] = []
    const gateway = await startGateway({ manager, port: 0, onInternalError: (error) => internalErrors.push(error) })
    return new GatewayDoor(gateway, new Pool(gateway.url), asking, internalErrors)
  }

  async ask(model: string): Promise<Outcome> {
    const transcript = new Transcript()
    const { statusCode, body } = await this.#client.request({
      path: this.#asking.dialect === 'openai' ? '/v1/chat/completions' : '/v1/messages',
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(requestOf(model, this.#asking)),
    })
    // Rejects where the connection breaks off: that is no clear end of anything.
    const text = await body.text()
    if (statusCode >= 300) return transcript.failed(refusalIn(text, statusCode))
    if (!this.#asking.isStreaming) transcript.take(JSON.parse(text))
    else {
      const error = readStream(text, transcript)
      if (error !== undefined) return transcript.failed(error)
    }
    if (!transcript.isComplete) throw new Error(`the gateway passed an incomplete answer on as one: ${text}`)
    return transcript.answered()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#client.close()
    await this.#gateway[Symbol.asyncDispose]()
    if (this.#internalErrors.length > 0) throw new AggregateError(this.#internalErrors, 'the gateway itself failed')
  }
}

/** @returns the error that the stream ends with, if it does */
function readStream(text: string, transcript: Transcript): ToldError | undefined {
  const messages: EventSourceMessage[] = []
  createParser({ onEvent: (message) => messages.push(message) }).feed(text)
  for (const [index, { event: name, data }] of messages.entries()) {
    if (data === '[DONE]') continue
    const event: ChatEvent = JSON.parse(data)
    if (event.error === undefined) transcript.take(event)
    else if (event.type === 'error' && name !== 'error') throw new Error(`nobody would take this for an error: ${text}`)
    else if (index === messages.length - 1) return { ...toldIn(event.error), inStream: true }
    else throw new Error(`something follows the error: ${text}`)
  }
  return undefined
}

/** An error of the dialect, or whatever else a provider said that refused the request. */
function refusalIn(text: string, status: number): ToldError {
  try {
    const { error }: ChatEvent = JSON.parse(text)
    if (typeof error?.message === 'string') return { ...toldIn(error), status }
  } catch {}
  return { message: text, code: undefined, status }
}

function toldIn({ message, code, details }: NonNullable<ChatEvent['error']>): ToldError {
  return { message, code: code ?? details?.error_code }
}
