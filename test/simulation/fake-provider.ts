import { type AttemptContext, type Clock, FailoverError, type Provider, type Usage } from '../../src/index.ts'
import { errorOf, type Fault, type FaultKind } from './faults.ts'
import type { ManagerOptions, ProviderPlan } from './plan.ts'
import type { Dice } from './random.ts'

export interface Asked {
  readonly model: string
  /** Who asks, so that what arrives here can be told apart. */
  readonly caller: number
}

export interface Piece {
  readonly type: 'start' | 'text' | 'end'
  readonly usage?: Usage
}

/** One attempt as the provider saw it. */
export interface Reception {
  readonly caller: number
  readonly at: number
  readonly context: AttemptContext
  /** What was wrong when it arrived. */
  readonly fault: FaultKind | undefined
  /** The provider has nothing more to do for it. */
  isDone: boolean
}

export interface ProviderWorld {
  readonly clock: Clock
  readonly dice: Dice
  readonly options: ManagerOptions
  /** What goes wrong now. */
  readonly faults: () => readonly Fault[]
  readonly received: (reception: Reception) => void
}

/** A provider that lives in the process: answers, fails and falls silent as the faults of its world have it. */
export class FakeProvider implements Provider<Asked, Piece> {
  readonly name: string
  readonly dialect?: string
  readonly #plan: ProviderPlan
  readonly #world: ProviderWorld

  constructor(plan: ProviderPlan, world: ProviderWorld) {
    this.name = plan.name
    if (plan.dialect !== undefined) this.dialect = plan.dialect
    this.#plan = plan
    this.#world = world
  }

  isContent(piece: Piece): boolean {
    return piece.type === 'text'
  }

  usageOf(piece: Piece): Usage | undefined {
    return piece.usage
  }

  async stream({ caller }: Asked, context: AttemptContext): Promise<AsyncIterable<Piece>> {
    const reception = this.#receive(caller, context)
    const { fault } = reception
    try {
      await this.#pause(this.#latencyMs(fault), context.signal)
      if (fault === 'silence') await this.#hang(context.signal)
      if (isEarly(fault)) throw errorOf(fault, this.#world.dice, context.apiKey)
    } catch (error) {
      reception.isDone = true
      throw error
    }
    return this.#pieces(reception)
  }

  /** The same for a function of the caller's own: one answer as a whole. */
  async answer(caller: number, context: AttemptContext): Promise<string> {
    const reception = this.#receive(caller, context)
    const { fault } = reception
    try {
      await this.#pause(this.#latencyMs(fault), context.signal)
      if (fault === 'silence' || fault === 'stall') await this.#hang(context.signal)
      if (fault !== undefined && fault !== 'slow') throw errorOf(fault, this.#world.dice, context.apiKey)
      return 'answer'
    } finally {
      reception.isDone = true
    }
  }

  async *#pieces(reception: Reception): AsyncGenerator<Piece, void, undefined> {
    const { fault, context } = reception
    const { dice } = this.#world
    const { signal } = context
    try {
      if (dice.chance(0.5)) yield { type: 'start' }
      if (fault === 'empty') return
      if (fault === 'error_in_stream') throw errorOf(fault, dice, context.apiKey)
      const pieces = dice.int(1, 4)
      for (let index = 0; index < pieces; index += 1) {
        if (index > 0 && fault === 'cut') throw errorOf(fault, dice, context.apiKey)
        if (index > 0 && fault === 'stall') await this.#hang(signal)
        yield { type: 'text' }
        await this.#pause(this.#gapMs(), signal)
      }
      if (fault === 'cut') throw errorOf(fault, dice, context.apiKey)
      if (fault === 'stall') await this.#hang(signal)
      yield { type: 'end', usage: { inputTokens: dice.int(1, 20), outputTokens: dice.int(1, 20) } }
    } finally {
      reception.isDone = true
    }
  }

  #receive(caller: number, context: AttemptContext): Reception {
    const { clock, faults, received } = this.#world
    const now = clock.now()
    const { baseUrl } = context.profile
    const origin = baseUrl === undefined ? context.target.provider : new URL(baseUrl).origin
    const fault = faults().find(
      (each) =>
        now >= each.from &&
        now < each.until &&
        (each.profile ?? context.profile.id) === context.profile.id &&
        (each.model ?? context.target.model) === context.target.model &&
        (each.origin ?? origin) === origin,
    )
    const reception: Reception = { caller, at: now, context, fault: fault?.kind, isDone: false }
    received(reception)
    return reception
  }

  /** Before the first piece: well inside the limits where nothing is wrong. */
  #latencyMs(fault: FaultKind | undefined): number {
    const { dice, options } = this.#world
    const {
      attemptMs = 600_000,
      firstContentMs = 60_000,
      responseMs = 300_000,
      requestMs = 900_000,
    } = options.timeouts ?? {}
    const limitMs = Math.min(attemptMs, firstContentMs, responseMs, requestMs)
    if (fault === 'slow') return dice.magnitude(limitMs * 0.5, limitMs * 4)
    return dice.chance(0.2) ? 0 : dice.int(0, Math.floor(Math.min(2_000, limitMs * 0.3)))
  }

  #gapMs(): number {
    const { dice, options } = this.#world
    const { attemptMs = 600_000, idleMs = 30_000 } = options.timeouts ?? {}
    return dice.int(0, Math.floor(Math.min(500, idleMs * 0.5, attemptMs * 0.1)))
  }

  async #pause(ms: number, signal: AbortSignal): Promise<void> {
    await this.#world.clock.sleep(ms, this.#plan.ignoresSignals ? undefined : signal)
  }

  #hang(signal: AbortSignal): Promise<never> {
    return new Promise((_, reject) => {
      if (this.#plan.ignoresSignals) return
      if (signal.aborted) reject(signal.reason)
      signal.addEventListener('abort', () => reject(signal.reason), { once: true })
    })
  }
}

/** Is it an error that comes in place of an answer? */
function isEarly(fault: FaultKind | undefined): fault is FaultKind {
  switch (fault) {
    case undefined:
    case 'silence':
    case 'slow':
    case 'empty':
    case 'error_in_stream':
    case 'cut':
    case 'stall':
      return false
    default:
      return true
  }
}

/** What a caller who leaves says. */
export function farewell(dice: Dice): unknown {
  return dice.pick<unknown>([undefined, new Error('gone'), 'gone', new FailoverError('CANCELED', 'gone')])
}
