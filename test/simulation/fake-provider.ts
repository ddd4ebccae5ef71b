import {
  type AttemptContext,
  FailoverError,
  type Provider,
  type QuotaBucket,
  type Recovery,
  type Usage,
} from '../../src/index.ts'
import type { VirtualClock } from '../../src/testing/virtual-clock.ts'
import { callTo, cutIntoChunks } from './answers.ts'
import { idMadeFor } from './binding-book.ts'
import { errorOf, type Fault, type FaultKind, refusedPrefill } from './faults.ts'
import type { BindingPlan, ManagerOptions, ProviderPlan, RecoveryPlan, RequestPlan, World } from './plan.ts'
import type { ProcessClock } from './process-clock.ts'
import { Dice, deriveSeed } from './random.ts'
import { answerTo, isSaidToTakePrefill, type Speaker } from './voices.ts'

export interface Asked {
  readonly model: string
  /** Who asks, so that what arrives here can be told apart. */
  readonly caller: number
  /** Decides how each attempt to answer goes, whatever else happens in the world. */
  readonly seed: number
  readonly binding?: BindingPlan & { readonly id: string }
  readonly guess?: NonNullable<RequestPlan['guess']>
  readonly guessedTokens?: number
  /** How its answer begins. */
  readonly prefill?: string
}

export interface Piece {
  readonly type: 'start' | 'text' | 'call' | 'end'
  readonly text: string
  readonly usage?: Usage
  /** What it has made that later requests may refer to. */
  readonly madeId?: string
}

/** Events that an answer's text comes in, at the most. */
const MAX_CHUNKS = 6

/** One attempt as the provider saw it. */
export interface Reception {
  readonly caller: number
  /** As the manager tells the time. */
  readonly at: number
  readonly context: AttemptContext
  /** What was wrong when it arrived. */
  readonly fault: FaultKind | 'prefill_refused' | undefined
  /** How the answer begins that it was to go on with. */
  readonly prefill: string | undefined
  /** It answers from the beginning, whatever it was given. */
  readonly beginsAgain: boolean
  /** All that it would say. */
  readonly text: string
  /** The provider has nothing more to do for it. */
  isDone: boolean
}

export interface ProviderWorld {
  /** Real time, by which things go wrong. */
  readonly time: VirtualClock
  readonly clock: ProcessClock
  readonly options: ManagerOptions
  readonly models: World['models']
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
  readonly recovery?: Recovery<Asked, Piece>
  readonly #plan: ProviderPlan
  readonly #world: ProviderWorld

  constructor(plan: ProviderPlan, world: ProviderWorld) {
    this.name = plan.name
    if (plan.dialect !== undefined) this.dialect = plan.dialect
    this.#plan = plan
    this.#world = world
    if (plan.hasProbe) this.probe = (context) => this.#probe(context)
    if (plan.recovery !== undefined) this.recovery = recoveryOf(plan.recovery, world.models)
  }

  isContent(piece: Piece): boolean {
    return piece.type === 'call' || piece.text !== ''
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
    const dice = diceOf(asked, context)
    const reception = this.#receive(asked, context, dice)
    const { fault } = reception
    try {
      await this.#pause(this.#latencyMs(fault, dice), context.signal)
      if (fault === 'silence') await this.#hang(context.signal)
      if (fault === 'prefill_refused') throw refusedPrefill(dice)
      if (isEarly(fault)) throw errorOf(fault, dice, context.apiKey)
    } catch (error) {
      reception.isDone = true
      throw error
    }
    return this.#pieces(reception, dice)
  }

  /** The smallest request there is. */
  async #probe(context: AttemptContext): Promise<void> {
    const dice = new Dice(deriveSeed(context.attempt, this.#world.time.now()))
    const fault = this.#faultFor(context, dice)
    await this.#pause(this.#latencyMs(fault, dice), context.signal)
    if (fault === 'silence' || fault === 'stall') await this.#hang(context.signal)
    if (fault !== undefined && fault !== 'slow') throw errorOf(fault, dice, context.apiKey)
  }

  /** The same for a function of the caller's own: one answer as a whole. */
  async answer(asked: Asked, context: AttemptContext): Promise<string> {
    const dice = diceOf(asked, context)
    const reception = this.#receive(asked, context, dice)
    const { fault } = reception
    try {
      await this.#pause(this.#latencyMs(fault, dice), context.signal)
      if (fault === 'silence' || fault === 'stall') await this.#hang(context.signal)
      if (fault !== undefined && fault !== 'slow' && fault !== 'prefill_refused')
        throw errorOf(fault, dice, context.apiKey)
      this.#tellQuota(reception, dice)
      return 'answer'
    } finally {
      reception.isDone = true
    }
  }

  async *#pieces(reception: Reception, dice: Dice): AsyncGenerator<Piece, void, undefined> {
    const { fault, context, caller } = reception
    const { signal } = context
    try {
      if (fault === undefined) this.#tellQuota(reception, dice)
      if (dice.chance(0.5)) yield { type: 'start', text: '' }
      if (fault === 'empty') return
      if (fault === 'error_in_stream') throw errorOf(fault, dice, context.apiKey)
      const call = callTo(caller)
      const hasCall = reception.text.endsWith(call)
      const said = hasCall ? reception.text.slice(0, -call.length) : reception.text
      const chunks = cutIntoChunks(said, dice, MAX_CHUNKS)
      // Now and then the last event says something, too.
      const last = !hasCall && chunks.length > 1 && dice.chance(0.2) ? chunks.pop() : undefined
      const pieces = chunks.map((text): Piece => ({ type: 'text', text }))
      if (hasCall) pieces.push({ type: 'call', text: '' })
      const breaksAfter = dice.int(1, pieces.length)
      for (const [index, piece] of pieces.entries()) {
        if (index >= breaksAfter) await this.#breakOff(reception, dice)
        yield piece
        await this.#pause(this.#gapMs(dice), signal)
      }
      await this.#breakOff(reception, dice)
      const madeId = idMadeFor(caller)
      this.#world.made(madeId)
      const usage = { inputTokens: dice.int(1, 20), outputTokens: dice.int(1, 20) }
      yield { type: 'end', text: last ?? '', madeId, usage }
    } finally {
      reception.isDone = true
    }
  }

  /** What goes wrong after something has been said goes wrong now. */
  async #breakOff({ fault, context }: Reception, dice: Dice): Promise<void> {
    if (fault === 'stall') await this.#hang(context.signal)
    if (fault === 'cut' || fault === 'error_midway') throw errorOf(fault, dice, context.apiKey)
  }

  #receive(asked: Asked, context: AttemptContext, dice: Dice): Reception {
    const { clock, received } = this.#world
    const { caller, prefill } = asked
    const { recovery } = this.#plan
    const fault = this.#faultFor(context, dice)
    const refuses = fault === undefined && prefill !== undefined && recovery?.prefill === 'refuses'
    const reception: Reception = {
      caller,
      at: clock.steadyNow(),
      context,
      fault: refuses ? 'prefill_refused' : fault,
      prefill,
      ...answerTo(asked, this.#speakerFor(context)),
      ...(fault === 'empty' && { text: '', beginsAgain: false }),
      isDone: false,
    }
    received(reception)
    return reception
  }

  #speakerFor({ target, attempt }: AttemptContext): Speaker {
    const provider = Number(this.name.slice(1))
    const model = this.#world.models.indexOf(target.model)
    return { plan: this.#plan.recovery, provider, model, attempt }
  }

  /** What is wrong with it now. */
  #faultFor(context: AttemptContext, dice: Dice): FaultKind | undefined {
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
        (each.origin ?? origin) === origin &&
        (each.ratio === undefined || dice.chance(each.ratio)),
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
  #latencyMs(fault: Reception['fault'], dice: Dice): number {
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
    return dice.int(0, Math.floor(Math.min(500, idleMs * 0.5, (attemptMs * 0.5) / MAX_CHUNKS)))
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

function recoveryOf(plan: RecoveryPlan, models: World['models']): Recovery<Asked, Piece> {
  const takesPrefill = (_: Asked, { model }: { readonly model: string }): boolean => {
    if (plan.known === 'fails') throw new Error('no idea')
    return isSaidToTakePrefill(plan, model, models)
  }
  return {
    textOf: ({ text }) => text,
    isTerminal: ({ type }) => type === 'end',
    withPrefill: (asked, prefill) => ({ ...asked, prefill }),
    withoutPrefix(piece, characters) {
      const text = piece.text.slice(characters)
      return text === '' && piece.type === 'text' ? undefined : { ...piece, text }
    },
    ...(plan.known !== 'unsaid' && { takesPrefill }),
  }
}

/** Is it an error that comes in place of an answer? */
function isEarly(fault: Reception['fault']): fault is FaultKind {
  switch (fault) {
    case undefined:
    case 'silence':
    case 'slow':
    case 'empty':
    case 'error_in_stream':
    case 'cut':
    case 'stall':
    case 'error_midway':
    case 'prefill_refused':
      return false
    default:
      return true
  }
}

/** What a caller who leaves says. */
export function farewell(dice: Dice): unknown {
  return dice.pick<unknown>([undefined, new Error('gone'), 'gone', new FailoverError('CANCELED', 'gone')])
}
