import type { ByteStream, DrainLimits } from './byte-stream.ts'

/** Bytes that may wait for a slow reader before the server is slowed down. */
const MAX_QUEUED_BYTES = 64 * 1024

/** What a body does to the exchange it belongs to. */
export interface BodySource {
  pause(): void
  resume(): void
  abort(): void
  /** The caller's signal no longer matters. */
  detach(): void
}

type State =
  | { readonly name: 'open' }
  | { readonly name: 'ended' }
  | { readonly name: 'failed'; readonly error: unknown }
  | { readonly name: 'draining'; bytesLeft: number; readonly cancelTimer: () => void }

/** Between the wire, which pushes, and one reader, who pulls: a queue with an end to it. */
export class AnswerBody implements ByteStream, AsyncIterable<Uint8Array> {
  readonly #source: BodySource
  #queue: Uint8Array[] = []
  #queuedBytes = 0
  #state: State = { name: 'open' }
  #isPaused = false
  #wake: (() => void) | undefined

  constructor(source: BodySource) {
    this.#source = source
  }

  /** Takes a chunk from the wire. */
  push(chunk: Uint8Array): void {
    if (this.#state.name === 'draining') {
      this.#state.bytesLeft -= chunk.length
      if (this.#state.bytesLeft < 0) this.#stopDraining(this.#state.cancelTimer)
      return
    }
    this.#queue.push(chunk)
    this.#queuedBytes += chunk.length
    if (this.#queuedBytes > MAX_QUEUED_BYTES && !this.#isPaused) {
      this.#isPaused = true
      this.#source.pause()
    }
    this.#notify()
  }

  /** The wire came to the body's end. */
  end(): void {
    this.#settle({ name: 'ended' })
  }

  /** The body broke off; what came before can still be read. */
  fail(error: unknown): void {
    this.#settle({ name: 'failed', error })
  }

  /** As `fail`, at once: what waits is dropped. */
  failNow(error: unknown): void {
    this.#clear()
    this.#settle({ name: 'failed', error })
  }

  /** All that has arrived, as one piece: what one read of the socket brought is parsed in one go. */
  async next(): Promise<IteratorResult<Uint8Array, undefined>> {
    while (this.#queue.length === 0) {
      if (this.#state.name === 'failed') throw this.#state.error
      if (this.#state.name !== 'open') return { done: true, value: undefined }
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
    const [first = new Uint8Array()] = this.#queue
    const value = this.#queue.length === 1 ? first : Buffer.concat(this.#queue, this.#queuedBytes)
    this.#clear()
    if (this.#isPaused) {
      this.#isPaused = false
      this.#source.resume()
    }
    return { done: false, value }
  }

  /** For `for await`, which calls it when the loop is left. */
  async return(): Promise<IteratorResult<Uint8Array, undefined>> {
    this.cancel()
    return { done: true, value: undefined }
  }

  [Symbol.asyncIterator](): AsyncIterator<Uint8Array, undefined> {
    return this
  }

  stop(): void {
    if (this.#state.name !== 'open') return
    this.#source.abort()
    this.#settle({ name: 'ended' })
  }

  cancel(): void {
    this.#clear()
    this.stop()
  }

  drain({ clock, maxMs, maxBytes }: DrainLimits): void {
    this.#clear()
    if (this.#state.name !== 'open') return
    this.#source.detach()
    const cancelTimer = clock.setTimer(() => this.#stopDraining(cancelTimer), maxMs)
    this.#state = { name: 'draining', bytesLeft: maxBytes, cancelTimer }
    if (this.#isPaused) {
      this.#isPaused = false
      this.#source.resume()
    }
    this.#notify()
  }

  #stopDraining(cancelTimer: () => void): void {
    cancelTimer()
    this.#state = { name: 'ended' }
    this.#source.abort()
  }

  #settle(state: State): void {
    if (this.#state.name === 'draining') this.#state.cancelTimer()
    else if (this.#state.name !== 'open') return
    this.#state = state
    this.#source.detach()
    this.#notify()
  }

  #clear(): void {
    this.#queue = []
    this.#queuedBytes = 0
  }

  #notify(): void {
    this.#wake?.()
    this.#wake = undefined
  }
}
