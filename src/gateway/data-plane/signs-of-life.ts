import type { Clock } from '../../engine/index.ts'

/** A client that waits for a tool call to be whole is given a sign of life after so long a silence, milliseconds. */
const HOLDING_SIGN_MS = 3_000
/** A comment, which every reader of server-sent events leaves out. */
const KEEP_ALIVE = ': keep-alive\n\n'

interface SignsOfLifeOptions {
  readonly clock: Clock
  /** After so long a silence, whatever is waited for, milliseconds; 0: none. */
  readonly keepAliveMs: number
  /** What the dialect has for a client that waits for a tool call. */
  readonly signOfLife: string
  /** Writes it, if the client takes anything. */
  readonly write: (text: string) => void
}

/** Keeps a client waiting that hears nothing. */
export class SignsOfLife {
  readonly #options: SignsOfLifeOptions
  #isHolding: () => boolean = () => false
  #wroteAt: number
  #cancelTimer: (() => void) | undefined

  /** From now on a silence counts. */
  constructor(options: SignsOfLifeOptions) {
    this.#options = options
    this.#wroteAt = options.clock.now()
    this.#arm()
  }

  /** A tool call is held for as long as this says. */
  watchHolding(isHolding: () => boolean): void {
    this.#isHolding = isHolding
    this.#arm()
  }

  /** Something else was written. */
  noteWrite(): void {
    this.#wroteAt = this.#options.clock.now()
  }

  stop(): void {
    this.#cancelTimer?.()
    this.#cancelTimer = undefined
  }

  #arm(): void {
    const { clock, keepAliveMs } = this.#options
    this.stop()
    const holdingMs = this.#isHolding() ? HOLDING_SIGN_MS : Number.POSITIVE_INFINITY
    const silenceMs = Math.min(holdingMs, keepAliveMs === 0 ? Number.POSITIVE_INFINITY : keepAliveMs)
    if (silenceMs === Number.POSITIVE_INFINITY) return
    const leftMs = Math.max(0, this.#wroteAt + silenceMs - clock.now())
    this.#cancelTimer = clock.setTimer(() => this.#ring(silenceMs), leftMs)
  }

  #ring(silenceMs: number): void {
    const { clock, signOfLife, write } = this.#options
    // A timer may ring a fraction of a millisecond before the clock shows its time.
    if (clock.now() >= this.#wroteAt + silenceMs - 1) {
      write(this.#isHolding() ? signOfLife : KEEP_ALIVE)
      this.noteWrite()
    }
    this.#arm()
  }
}
