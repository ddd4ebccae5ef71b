import { type AttemptContext, FailoverError, type Provider, type QuotaBucket, type Usage } from '../../src/index.ts'
import type { VirtualClock } from '../../src/testing/virtual-clock.ts'
import { idMadeFor } from './binding-book.ts'
import { errorOf, type Fault, type FaultKind } from './faults.ts'
import type { BindingPlan, ManagerOptions, ProviderPlan, RequestPlan } from './plan.ts'
import type { ProcessClock } from './process-clock.ts'
import { Dice, deriveSeed } from './random.ts'

export interface Asked {
  readonly model: string
  /** Who asks, so that what arrives here can be told apart. */
  readonly caller: number
  /** Decides how each attempt to answer goes, whatever else happens in the world. */
  readonly seed: number
  readonly binding?: BindingPlan & { readonly id: string }
  readonly guess?: NonNullable<RequestPlan['guess']>
  readonly guessedTokens?: number
}

export interface Piece {
  readonly type: 'start' | 'text' | 'end'
  readonly usage?: Usage
  /** What it has made that later requests may refer to. */
  readonly madeId?: string
}

/** One attempt as the provider saw it. */
export interface Reception {
  readonly caller: number
  /** As the manager tells the time. */
  readonly at: number
  readonly context: AttemptContext
  /** What was wrong when it arrived. */
  readonly fault: FaultKind | undefined
  /** The provider has nothing more to do for it. */
  isDone: boolean
}

export interface ProviderWorld {
  /** Real time, by which things go wrong. */
  readonly time: VirtualClock
  readonly clock: ProcessClock
  readonly options: ManagerOptions
  /** What goes wrong now. */
  readonly faults: () => readonly Fault[]
  readonly received: (reception: Reception) => void
  /** An answer has made something, and has told so. */
  readonly made: (id: string) => void
  /** An answer has told what is left. */
  readonly told: (reception: Reception, buckets: readonly QuotaBucket[]) => void
}

/** A provider that lives in the process: answers, fails and falls silent as the faults of its world have it. */
export class FakeProvider implements Provider<Asked, Piece> {
  readonly name: string
  readonly dialect?: string
  readonly probe?: (context: AttemptContext) => Promise<void>
  readonly #plan: ProviderPlan
  readonly #world: ProviderWorld

  constructor(plan: ProviderPlan, world: ProviderWorld) {
    this.name = plan.name
    if (plan.dialect !== undefined) this.dialect = plan.dialect
    this.#plan = plan
    this.#world = world
    if (plan.hasProbe) this.probe = (context) => this.#probe(context)
  }

  isContent(piece: Piece): boolean {
    return piece.type === 'text'
  }

  usageOf(piece: Piece): Usage | undefined {
    return piece.usage
  }

  bindingsOf({ binding }: Asked): readonly (BindingPlan & { readonly id: string; readonly kind: string })[] {
    return binding === undefined ? [] : [{ ...binding, kind: 'made_thing' }]
  }

  bindingIdsOf({ madeId }: Piece): readonly string[] {
    return madeId === undefined ? [] : [madeId]
  }

  guessSession({ guess }: Asked): RequestPlan['guess'] {
    return guess
  }

  estimateTokens({ guessedTokens }: Asked): number | undefined {
    return guessedTokens
  }

  async stream(asked: Asked, context: AttemptContext): Promise<AsyncIterable<Piece>> {
    const reception = this.#receive(asked, context)
    const { fault } = reception
    const dice = diceOf(asked, context)
    try {
      await this.#pause(this.#latencyMs(fault, dice), context.signal)
      if (fault === 'silence') await this.#hang(context.signal)
      if (isEarly(fault)) throw errorOf(fault, dice, context.apiKey)
    } catch (error) {
      reception.isDone = true
      throw error
    }
    return this.#pieces(reception, dice)
  }

  /** The smallest request there is. */
  async #probe(context: AttemptContext): Promise<void> {
    const fault = this.#faultFor(context)
    const dice = new Dice(deriveSeed(context.attempt, this.#world.time.now()))
    await this.#pause(this.#latencyMs(fault, dice), context.signal)
    if (fault === 'silence' || fault === 'stall') await this.#hang(context.signal)
    if (fault !== undefined && fault !== 'slow') throw errorOf(fault, dice, context.apiKey)
  }

  /** The same for a function of the caller's own: one answer as a whole. */
  async answer(asked: Asked, context: AttemptContext): Promise<string> {
    const reception = this.#receive(asked, context)
    const { fault } = reception
    const dice = diceOf(asked, context)
    try {
      await this.#pause(this.#latencyMs(fault, dice), context.signal)
      if (fault === 'silence' || fault === 'stall') await this.#hang(context.signal)
      if (fault !== undefined && fault !== 'slow') throw errorOf(fault, dice, context.apiKey)
      this.#tellQuota(reception, dice)
      return 'answer'
    } finally {
      reception.isDone = true
    }
  }

  async *#pieces(reception: Reception, dice: Dice): AsyncGenerator<Piece, void, undefined> {
    const { fault, context } = reception
    const { signal } = context
    try {
      if (fault === undefined) this.#tellQuota(reception, dice)
      if (dice.chance(0.5)) yield { type: 'start' }
      if (fault === 'empty') return
      if (fault === 'error_in_stream') throw errorOf(fault, dice, context.apiKey)
      const pieces = dice.int(1, 4)
      for (let index = 0; index < pieces; index += 1) {
        if (index > 0 && fault === 'cut') throw errorOf(fault, dice, context.apiKey)
        if (index > 0 && fault === 'stall') await this.#hang(signal)
        yield { type: 'text' }
        await this.#pause(this.#gapMs(dice), signal)
      }
      if (fault === 'cut') throw errorOf(fault, dice, context.apiKey)
      if (fault === 'stall') await this.#hang(signal)
      const madeId = idMadeFor(reception.caller)
      this.#world.made(madeId)
      yield { type: 'end', madeId, usage: { inputTokens: dice.int(1, 20), outputTokens: dice.int(1, 20) } }
    } finally {
      reception.isDone = true
    }
  }

  #receive({ caller }: Asked, context: AttemptContext): Reception {
    const { clock, received } = this.#world
    const fault = this.#faultFor(context)
    const reception: Reception = { caller, at: clock.steadyNow(), context, fault, isDone: false }
    received(reception)
    return reception
  }

  /** What is wrong with it now. */
  #faultFor(context: AttemptContext): FaultKind | undefined {
    const { time, faults } = this.#world
    const now = time.now()
    const { baseUrl } = context.profile
    const origin = baseUrl === undefined ? context.target.provider : new URL(baseUrl).origin
    return faults().find(
      (each) =>
        now >= each.from &&
        now < each.until &&
        (each.profile ?? context.profile.id) === context.profile.id &&
        (each.model ?? context.target.model) === context.target.model &&
        (each.origin ?? origin) === origin,
    )?.kind
  }

  /** Some say what is left of their quota. */
  #tellQuota(reception: Reception, dice: Dice): void {
    if (!dice.chance(0.15)) return
    const windowMs = dice.pick([1_000, 60_000, 3_600_000])
    const bucket = {
      name: dice.pick(['requests', 'tokens']),
      limit: dice.magnitude(1, 600),
      remaining: dice.pick([0, 0, 7]),
      resetAt: this.#world.clock.now() + dice.magnitude(100, windowMs),
      ...(dice.chance(0.7) && { windowMs }),
    }
    reception.context.noteQuota?.([bucket])
    this.#world.told(reception, [bucket])
  }

  /** Before the first piece: well inside the limits where nothing is wrong. */
  #latencyMs(fault: FaultKind | undefined, dice: Dice): number {
    const { options } = this.#world
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

  #gapMs(dice: Dice): number {
    const { options } = this.#world
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

function diceOf({ seed }: Asked, { attempt }: AttemptContext): Dice {
  return new Dice(deriveSeed(seed, attempt))
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
