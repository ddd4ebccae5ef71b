import type { Socket } from 'node:net'
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Dice } from '../simulation/random.ts'
import {
  chunk,
  chunkedHead,
  head,
  type RawRequest,
  type RawServer,
  reply,
  startRawServer,
} from '../support/raw-server.ts'
import { type Breaking, type Ending, errorEvent } from './breaking.ts'
import { answerWith, type FallbackAnswer } from './fallback.ts'
import type { Recording } from './recordings.ts'
import type { Trial } from './trial.ts'

/** Who is asked: the target that breaks, the fallback, and one behind it. */
type Role = 'first' | 'second' | 'third'

/** A request as a provider got it. */
export interface Asked {
  readonly role: Role
  readonly body: Readonly<Record<string, unknown>>
  /** What was answered; absent for the first target. */
  readonly answer: FallbackAnswer | undefined
}

/** A trial under way, as the providers see it. */
export interface Stage {
  readonly trial: Trial
  readonly dice: Dice
  readonly asked: Asked[]
  /** Connections on which nothing more will ever come. */
  readonly silent: Socket[]
}

/** Two addresses for each of the trials that go on at a time, so that no trial is blamed for another. */
export class Providers implements AsyncDisposable {
  readonly #servers: readonly RawServer[]
  readonly #stages: Map<string, Stage>
  readonly #activity: { count: number }

  private constructor(servers: readonly RawServer[], stages: Map<string, Stage>, activity: { count: number }) {
    this.#servers = servers
    this.#stages = stages
    this.#activity = activity
  }

  static async start(trials: number): Promise<Providers> {
    const stages = new Map<string, Stage>()
    const activity = { count: 0 }
    const serve = (socket: Socket, request: RawRequest): void => {
      activity.count += 1
      void answer(socket, request, stages, () => {
        activity.count += 1
      })
    }
    const servers = await Promise.all(Array.from({ length: 2 * trials }, () => startRawServer(serve)))
    return new Providers(servers, stages, activity)
  }

  /** Changes with everything that a provider gets or says. */
  get activity(): number {
    return this.#activity.count
  }

  /** Of a place: the first target's address, and the one of whoever does not share it. */
  addressesOf(place: number): { readonly first: string; readonly other: string } {
    return { first: this.#servers[2 * place]?.url ?? '', other: this.#servers[2 * place + 1]?.url ?? '' }
  }

  /** @param name of the trial; its models are `NAME-first` and so on */
  enter(name: string, stage: Stage): void {
    this.#stages.set(name, stage)
  }

  /** Forgets the trials and what they asked for. */
  clear(): void {
    this.#stages.clear()
    for (const { requests, sockets } of this.#servers) {
      requests.length = 0
      sockets.splice(0, sockets.length, ...sockets.filter(({ destroyed }) => !destroyed))
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#servers.map((server) => server[Symbol.asyncDispose]()))
  }
}

async function answer(
  socket: Socket,
  request: RawRequest,
  stages: ReadonlyMap<string, Stage>,
  onWritten: () => void,
): Promise<void> {
  const body: Record<string, unknown> = JSON.parse(request.body)
  const [name = '', role] = String(body.model).split('-')
  const stage = stages.get(name)
  if (stage === undefined) {
    socket.write(reply('{}', { status: 410 }))
    return
  }
  const { trial, dice } = stage
  const send = new Sending(socket, dice.fork(), onWritten)
  if (role === 'first') {
    stage.asked.push({ role, body, answer: undefined })
    await playRecording(send, trial.recording, trial.breaking, stage.silent)
    return
  }
  const answered = answerWith(trial.recording, trial.fallback, {
    prefill: prefillOf(body),
    inputTokens: Math.ceil(request.body.length / 4),
    role: String(role),
    dice,
  })
  stage.asked.push({ role: role as Role, body, answer: answered })
  if (answered.status === 200) await send.stream(Buffer.from(answered.body), 'clean')
  else socket.write(reply(answered.body, { status: answered.status, headers: { 'content-type': 'application/json' } }))
}

async function playRecording(
  send: Sending,
  { bytes, dialect }: Recording,
  breaking: Breaking,
  silent: Socket[],
): Promise<void> {
  switch (breaking.kind) {
    case 'none':
      return await send.stream(bytes, 'clean')
    case 'cut':
      return await send.stream(bytes.subarray(0, breaking.at), breaking.ending)
    case 'stall':
      silent.push(send.socket)
      return await send.stream(bytes.subarray(0, breaking.at), 'never')
    case 'error': {
      const { at, after } = breaking
      const rest = after === 'on' ? bytes.subarray(at) : Buffer.alloc(0)
      const parts = [bytes.subarray(0, at), Buffer.from(errorEvent(dialect, breaking.error)), rest]
      if (after === 'stall') silent.push(send.socket)
      return await send.stream(Buffer.concat(parts), after === 'on' ? 'clean' : after === 'stall' ? 'never' : after)
    }
  }
}

/** The text of an assistant's message at the end of the request. */
export function prefillOf({ messages }: Readonly<Record<string, unknown>>): string | undefined {
  const last: { role: string; content: unknown } | undefined = Array.isArray(messages) ? messages.at(-1) : undefined
  if (last?.role !== 'assistant') return undefined
  if (typeof last.content === 'string') return last.content
  const blocks = Array.isArray(last.content) ? last.content : []
  return blocks.map((block: { text?: string }) => block.text ?? '').join('')
}

const EVENT_STREAM = { 'content-type': 'text/event-stream' }

/** One answer on its way: in pieces that begin and end anywhere, each in a turn of the event loop of its own. */
class Sending {
  readonly socket: Socket
  readonly #dice: Dice
  readonly #onWritten: () => void

  constructor(socket: Socket, dice: Dice, onWritten: () => void) {
    this.socket = socket
    this.#dice = dice
    this.#onWritten = onWritten
    socket.setNoDelay(true)
  }

  async stream(bytes: Buffer, ending: Ending | 'never'): Promise<void> {
    const isChunked = ending !== 'short'
    const length = `${bytes.length + this.#dice.int(1, 100)}`
    let held = isChunked ? chunkedHead(EVENT_STREAM) : head({ ...EVENT_STREAM, 'content-length': length })
    for (const piece of this.#pieces(bytes)) {
      held = Buffer.concat([held, isChunked ? chunk(piece) : piece])
      if (this.#dice.chance(0.2)) continue
      this.#write(held)
      held = Buffer.alloc(0)
      await nextTurn()
    }
    if (ending === 'clean') held = Buffer.concat([held, chunk('')])
    this.#write(held)
    if (ending === 'fin' || ending === 'short') this.socket.end()
    else if (ending === 'reset') {
      // What has been sent is to be read: a reset throws away what has not been.
      for (let turns = 0; turns < 4; turns++) await nextTurn()
      this.socket.resetAndDestroy()
    }
  }

  #write(bytes: Buffer): void {
    if (bytes.length === 0 || this.socket.destroyed) return
    this.socket.write(bytes)
    this.#onWritten()
  }

  *#pieces(bytes: Buffer): Generator<Buffer> {
    const size = Math.max(1, bytes.length / this.#dice.magnitude(1, 12))
    for (let from = 0; from < bytes.length; ) {
      const to = Math.min(bytes.length, from + this.#dice.int(1, Math.ceil(2 * size)))
      yield bytes.subarray(from, to)
      from = to
    }
  }
}
