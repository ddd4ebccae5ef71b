import type { QuotaBucket, TargetRef } from '../failure/index.ts'
import type { ResumeMode } from '../recovery/index.ts'
import type { VirtualClock } from '../testing/index.ts'
import { Delivery } from './delivery.ts'
import { Dice, mixText } from './dice.ts'
import type { AttemptEntry, RequestEntry } from './journal.ts'
import { ProviderLimit } from './provider-limit.ts'
import { brokenOff, type Refusal, refusal, unreachable } from './refusals.ts'
import type { Reply } from './reply.ts'
import { type Answers, type Fault, isActive } from './scenario.ts'
import { StreamedReply } from './streamed-reply.ts'
import { isAbout, isSameModel, type SimulatedTarget } from './target.ts'

/** Median time until an error is answered, milliseconds: no model has to think about it. */
const ERROR_MS = 120
/** The same until a connection is refused, or a name is not found. */
const UNREACHABLE_MS = 20
/** The part of an answer after which a cut one breaks off, at the least and at the most. */
const CUT_BETWEEN = [0.1, 0.9] as const

export interface WorldOptions {
  readonly clock: VirtualClock
  readonly seed: number
  readonly answers: Answers
  readonly isStreaming: boolean
  /** Their subjects name what there is; no `<primary>` any more. */
  readonly faults: readonly Fault[]
  readonly locate: (ref: TargetRef) => SimulatedTarget
}

/** How an attempt is told that nobody wants it any more, and where it tells what the headers say. */
export interface Attention {
  onAbort(listener: () => void): void
  noteQuota?(buckets: readonly QuotaBucket[]): void
}

/** What an attempt is part of. */
interface Occasion {
  /** Its place among all requests; -1 where none stands behind it. */
  readonly request: number
  /** How often this request has tried the target before. */
  readonly tries: number
  readonly delivery: Delivery
  /** How it goes on with the answer; undefined where it begins one. */
  readonly resume: ResumeMode | undefined
}

/** A fault in one world, with what it counts there. */
interface LiveFault {
  readonly fault: Fault
  readonly limit: ProviderLimit | undefined
}

/** What becomes of an attempt. */
type Fate =
  | { readonly kind: 'silence' }
  | { readonly kind: 'refused'; readonly afterMs: number; readonly error: Refusal; readonly isEmptyAccount?: true }
  | { readonly kind: 'answered'; readonly firstMs: number; readonly restMs: number; readonly cutAfterMs?: number }

/**
 * The providers of a simulation: they answer, fail, refuse and fall silent as the faults have it. What becomes of the
 * n-th try of a request at a target depends on the seed alone, so that whoever asks meets the same luck.
 */
export class World {
  readonly #options: WorldOptions
  readonly #startMs: number
  readonly #faults: readonly LiveFault[]
  readonly #known = new Map<string, { readonly target: SimulatedTarget; readonly faults: readonly LiveFault[] }>()

  constructor(options: WorldOptions) {
    this.#options = options
    this.#startMs = options.clock.now()
    this.#faults = options.faults.map((fault) => ({
      fault,
      limit: fault.limit === undefined ? undefined : new ProviderLimit(fault.limit),
    }))
  }

  get clock(): VirtualClock {
    return this.#options.clock
  }

  get isStreaming(): boolean {
    return this.#options.isStreaming
  }

  /** Milliseconds since the beginning. */
  get elapsedMs(): number {
    return this.clock.now() - this.#startMs
  }

  /** Tokens of a request with its answer, in and out, as is known of it from the beginning: the input, and a usual output. */
  get usualTokens(): number {
    const { inputTokens, outputTokens } = this.#options.answers
    return inputTokens + outputTokens
  }

  locate(ref: TargetRef): SimulatedTarget {
    return this.#at(ref).target
  }

  /**
   * What is wrong with a target now, as somebody who knows the schedule would tell, but not the dice.
   * @returns milliseconds until its limits let one more in (0: now), or `down`
   */
  outlook(target: SimulatedTarget, longestMs: number): number | 'down' {
    const { answers } = this.#options
    const active = this.#active(target)
    let addedMs = 0
    let factor = 1
    let waitMs = 0
    for (const { fault, limit } of active) {
      if (fault.down !== undefined || fault.reject !== undefined || fault.errors?.ratio === 1) return 'down'
      addedMs += fault.latency?.ms ?? 0
      factor *= fault.latency?.factor ?? 1
      waitMs = Math.max(waitMs, limit?.waitMs(target.account, this.usualTokens, this.elapsedMs) ?? 0)
    }
    return answers.firstContentMs * factor + addedMs > longestMs ? 'down' : waitMs
  }

  /**
   * Makes an attempt. Resolves at the first content of a stream, else with the whole answer.
   * @param resume how it goes on with an answer that broke off; undefined where it begins one
   */
  attempt(request: RequestEntry, ref: TargetRef, attention: Attention, resume?: ResumeMode): Promise<Reply> {
    const { target, faults } = this.#at(ref)
    const tries = request.attempts.reduce((count, { target: { name } }) => count + (name === target.name ? 1 : 0), 0)
    const entry = this.#entry(target)
    request.attempts.push(entry)
    const { index, delivery } = request
    return this.#make(entry, faults, { request: index, tries, delivery, resume }, attention)
  }

  /** The smallest request, to see whether a target is back. */
  async probe(entries: AttemptEntry[], ref: TargetRef, attention: Attention): Promise<void> {
    const { target, faults } = this.#at(ref)
    const entry = this.#entry(target)
    entries.push(entry)
    const occasion = { request: -1, tries: entries.length, delivery: new Delivery(), resume: undefined }
    await this.#make(entry, faults, occasion, attention)
    // Its few tokens are there at once.
    this.#end(entry, 'answered')
  }

  #entry(target: SimulatedTarget): AttemptEntry {
    const { elapsedMs } = this
    return {
      target,
      startedAt: elapsedMs,
      endedAt: elapsedMs,
      outcome: 'running',
      status: undefined,
      isRateLimited: false,
    }
  }

  #make(
    entry: AttemptEntry,
    faults: readonly LiveFault[],
    { request, tries, delivery, resume }: Occasion,
    attention: Attention,
  ): Promise<Reply> {
    const { seed, answers, isStreaming } = this.#options
    const { target } = entry
    const own = new Dice(seed, request, 1)
    const all = Math.max(1, Math.round(own.around(answers.outputTokens, answers.spread)))
    // Who is given what was delivered says only the rest.
    const tokens = resume === 'prefill' ? Math.round(all * (1 - delivery.share)) : all
    const dice = new Dice(seed, request, mixText(target.name), tries)
    const firstMs = dice.around(answers.firstContentMs, answers.spread)
    const restMs = (tokens * 1_000) / answers.tokensPerSecond
    const usage = { inputTokens: answers.inputTokens + all - tokens, outputTokens: tokens }
    const active = faults.filter(({ fault }) => isActive(fault, this.elapsedMs))
    const fate = this.#fateOf(target, active, dice, { firstMs, restMs, tokens: usage.inputTokens + tokens })
    const isDivergent = resume === 'restart' && dice.chance(this.#divergingRatio(delivery, target))
    return new Promise((resolve, reject) => {
      const onEnd = (outcome: 'answered' | 'cut'): void => this.#end(entry, outcome)
      const settle = (): void => {
        if (fate.kind === 'refused') {
          this.#end(entry, 'refused', fate.error.status)
          entry.isRateLimited = fate.error.status === 429 && fate.isEmptyAccount !== true
          reject(fate.error)
        } else if (fate.kind === 'answered') {
          attention.noteQuota?.(this.#quota(target, active))
          const answer = { ownMs: firstMs, usage, isDivergent, resume, delivery, onEnd }
          delivery.model ??= target.model
          if (isStreaming)
            resolve(new StreamedReply({ world: this, ...answer, restMs: fate.restMs, cutAfterMs: fate.cutAfterMs }))
          else if (fate.cutAfterMs !== undefined) {
            this.#end(entry, 'cut')
            reject(brokenOff())
          } else {
            this.#end(entry, 'answered')
            resolve({ ownMs: firstMs + restMs, usage, isDivergent: false, readRest: () => () => {} })
          }
        }
      }
      const cancel = fate.kind === 'silence' ? () => {} : this.clock.setTimer(settle, this.#waitMs(fate))
      attention.onAbort(() => {
        cancel()
        if (entry.outcome === 'running') this.#end(entry, 'given_up')
      })
    })
  }

  /** How often a target says something else that is asked for this answer from its beginning. */
  #divergingRatio({ model = '' }: Delivery, target: SimulatedTarget): number {
    const { divergesAgain, divergesElsewhere } = this.#options.answers
    return isSameModel(model, target.model) ? divergesAgain : divergesElsewhere
  }

  /** Until there is something to tell. */
  #waitMs(fate: Exclude<Fate, { kind: 'silence' }>): number {
    if (fate.kind === 'refused') return fate.afterMs
    return this.isStreaming ? fate.firstMs : fate.firstMs + (fate.cutAfterMs ?? fate.restMs)
  }

  #fateOf(
    target: SimulatedTarget,
    active: readonly LiveFault[],
    dice: Dice,
    { firstMs, restMs, tokens }: { readonly firstMs: number; readonly restMs: number; readonly tokens: number },
  ): Fate {
    const { spread } = this.#options.answers
    for (const { fault } of active) {
      const { down, reject } = fault
      if (down === 'silent') return { kind: 'silence' }
      if (down === 'refused' || down === 'dns')
        return { kind: 'refused', afterMs: dice.around(UNREACHABLE_MS, spread), error: unreachable(target, down) }
      const status = down ?? reject
      if (status !== undefined) {
        const fate = this.#refused(dice, refusal(target, status))
        return status === 402 ? { ...fate, isEmptyAccount: true } : fate
      }
    }
    const limited = this.#limitedBy(target, active, tokens)
    if (limited !== undefined) return this.#refused(dice, limited)
    let factor = 1
    let addedMs = 0
    let cut = 0
    for (const { fault } of active) {
      const { errors, latency } = fault
      if (errors !== undefined && dice.chance(errors.ratio)) return this.#refused(dice, refusal(target, errors.status))
      factor *= latency?.factor ?? 1
      addedMs += latency?.ms ?? 0
      cut = Math.max(cut, fault.cut ?? 0)
    }
    const times = { firstMs: firstMs * factor + addedMs, restMs: restMs * factor }
    if (!dice.chance(cut)) return { kind: 'answered', ...times }
    const [least, most] = CUT_BETWEEN
    return { kind: 'answered', ...times, cutAfterMs: times.restMs * (least + (most - least) * dice.next()) }
  }

  #refused(dice: Dice, error: Refusal): Extract<Fate, { kind: 'refused' }> {
    return { kind: 'refused', afterMs: dice.around(ERROR_MS, this.#options.answers.spread), error }
  }

  /** Every limit has to let it in; only then is it counted by any. */
  #limitedBy(
    { account, ...target }: SimulatedTarget,
    active: readonly LiveFault[],
    tokens: number,
  ): Refusal | undefined {
    const limits = active.flatMap(({ limit }) => (limit === undefined ? [] : [limit]))
    let longest: { readonly limit: ProviderLimit; readonly waitMs: number } | undefined
    for (const limit of limits) {
      const waitMs = limit.waitMs(account, tokens, this.elapsedMs)
      if (waitMs > (longest?.waitMs ?? 0)) longest = { limit, waitMs }
    }
    if (longest !== undefined) return refusal({ account, ...target }, 429, longest.limit.refusalHeaders(longest.waitMs))
    for (const limit of limits) limit.take(account, tokens)
    return undefined
  }

  #quota({ account }: SimulatedTarget, active: readonly LiveFault[]): QuotaBucket[] {
    return active.flatMap(({ limit }) => limit?.quota(account, this.#startMs, this.elapsedMs) ?? [])
  }

  #active(target: SimulatedTarget): LiveFault[] {
    return this.#at(target).faults.filter(({ fault }) => isActive(fault, this.elapsedMs))
  }

  #end(entry: AttemptEntry, outcome: AttemptEntry['outcome'], status?: number): void {
    entry.endedAt = this.elapsedMs
    entry.outcome = outcome
    entry.status = status
  }

  #at(ref: TargetRef) {
    const name = `${ref.provider}/${ref.model}@${ref.profile}`
    const known = this.#known.get(name)
    if (known !== undefined) return known
    const target = this.#options.locate(ref)
    const place = { target, faults: this.#faults.filter(({ fault }) => isAbout(fault.about, target)) }
    this.#known.set(name, place)
    return place
  }
}
