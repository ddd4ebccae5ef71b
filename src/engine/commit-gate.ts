import { AttemptTimeout } from './attempt.ts'
import type { Clock } from './clock.ts'
import type { CommitRule } from './provider.ts'

/**
 * A tool call that is held lets the answer begin all the same after so long, milliseconds: until then a break is failed
 * over unseen, from then on its reader wants signs of life.
 */
export const HELD_COMMIT_MS = 3_000

interface CommitGateOptions {
  readonly clock: Clock
  /** Absent: the first content that is not held is enough. */
  readonly rule: CommitRule | undefined
  /** It has opened because time has passed; not called where `note` opens it. */
  readonly onOpen: () => void
  /** Too little came in the time that is allowed. */
  readonly onTooSlow: (error: AttemptTimeout) => void
}

/**
 * Decides when enough of a stream has come for the caller to be given it: at its first content, or later where content
 * is held back, must come fast enough, or is a tool call that is not whole yet.
 */
export class CommitGate {
  readonly #options: CommitGateOptions
  /** Epoch milliseconds; undefined before any content. */
  #firstAt: number | undefined
  #characters = 0
  #hasFreeContent = false
  #isOpen = false
  #cancelTimer: (() => void) | undefined

  constructor(options: CommitGateOptions) {
    this.#options = options
  }

  get isOpen(): boolean {
    return this.#isOpen
  }

  /**
   * Content came.
   *
   * @param characters of it
   * @param isHeld nothing of it is to be given out yet
   * @returns whether it is open now
   */
  note(characters: number, isHeld: boolean): boolean {
    if (this.#isOpen) return true
    this.#hasFreeContent ||= !isHeld
    if (this.#options.rule === undefined && this.#hasFreeContent) this.#open()
    else {
      const now = this.#options.clock.now()
      this.#firstAt ??= now
      this.#characters += characters
      this.#look(now)
    }
    return this.#isOpen
  }

  /** Nothing more is waited for: the stream has ended, one way or the other. */
  stop(): void {
    this.#cancelTimer?.()
    this.#cancelTimer = undefined
  }

  #look(now: number): void {
    const { rule, onTooSlow } = this.#options
    this.stop()
    const firstAt = this.#firstAt ?? now
    const { holdBackMs = 0, minCharactersPerSecond = 0, throughputMs = 0 } = rule ?? {}
    const isFast = this.#characters >= (minCharactersPerSecond * throughputMs) / 1_000
    const slowAt = firstAt + throughputMs
    if (!isFast && now >= slowAt) {
      onTooSlow(new AttemptTimeout({ phase: 'throughput', ms: throughputMs, isCutShort: false }))
      return
    }
    const opensAt = firstAt + Math.max(holdBackMs, this.#hasFreeContent ? 0 : HELD_COMMIT_MS)
    if (isFast && now >= opensAt) {
      this.#open()
      return
    }
    const dueAt = isFast ? opensAt : slowAt
    this.#cancelTimer = this.#options.clock.setTimer(() => this.#onDue(dueAt), dueAt - now)
  }

  #onDue(dueAt: number): void {
    this.#cancelTimer = undefined
    // A timer may ring a fraction of a millisecond before the clock shows its time.
    this.#look(Math.max(this.#options.clock.now(), dueAt))
    if (this.#isOpen) this.#options.onOpen()
  }

  #open(): void {
    this.#isOpen = true
    this.stop()
  }
}
