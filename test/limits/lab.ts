import { Dice } from '../simulation/random.ts'
import { EventQueue } from './event-queue.ts'
import { LabKey } from './lab-key.ts'
import type { ProviderLimit } from './provider-limits.ts'

export interface LabOptions {
  readonly seed: number
  /** What the provider allows each key; the same object twice is a key that two processes share. */
  readonly limits: readonly ProviderLimit[]
  /** Requests a minute that callers want, all keys together. Time since the beginning, milliseconds. */
  readonly perMinute: (elapsedMs: number) => number
  readonly arrivals: 'even' | 'poisson'
  readonly answerMs: number
  /** Refusals say when to come back. */
  readonly hasHints: boolean
  readonly durationMs: number
  /** Which of the open keys is taken. Default `least_recently_used`. */
  readonly choice?: 'least_recently_used' | 'first'
  /** The way to the provider takes so long at most, and half of it at least, milliseconds. Default 0. */
  readonly networkMs?: number
}

/** What happened in each minute from the beginning, all keys together. */
export interface LabResult {
  readonly accepted: readonly number[]
  readonly refused: readonly number[]
  readonly acceptedByKey: readonly number[]
}

/** As the defaults of the `wait` option. */
const PATIENCE_MS = 10_000
const MAX_QUEUED = 100
const REFUSAL_MS = 50
const START_MS = 1_767_225_600_000

interface Request {
  readonly since: number
  readonly tried: Set<LabKey>
}

/**
 * Requests, keys and the limits behind them as a discrete-event simulation, without an engine. Who finds no key open waits
 * as the engine lets it wait: up to 10 s, in a queue of 100; who is refused goes on to another key.
 */
export function runLab(options: LabOptions): LabResult {
  const lab = new Lab(options)
  lab.run()
  return lab.result
}

class Lab {
  readonly result: LabResult & {
    readonly accepted: number[]
    readonly refused: number[]
    readonly acceptedByKey: number[]
  }
  readonly #options: LabOptions
  readonly #dice: Dice
  readonly #startsAt: number
  readonly #keys: readonly LabKey[]
  readonly #events = new EventQueue()
  readonly #queue: Request[] = []
  #wakeAt = Number.POSITIVE_INFINITY

  constructor(options: LabOptions) {
    this.#options = options
    this.#dice = new Dice(options.seed)
    // Anywhere in a minute of the provider's clock.
    this.#startsAt = START_MS + this.#dice.int(0, 59_999)
    this.#keys = options.limits.map((limit) => new LabKey(limit))
    const minutes = Math.ceil(options.durationMs / 60_000)
    this.result = {
      accepted: new Array<number>(minutes).fill(0),
      refused: new Array<number>(minutes).fill(0),
      acceptedByKey: this.#keys.map(() => 0),
    }
  }

  run(): void {
    const endsAt = this.#startsAt + this.#options.durationMs
    let arrivesAt = this.#startsAt
    for (;;) {
      const now = Math.min(arrivesAt, this.#events.nextAt, this.#wakeAt)
      if (now >= endsAt) return
      if (now === this.#events.nextAt) this.#events.runNext()
      else if (now === this.#wakeAt) this.#dispatch(now)
      else {
        this.#arrive(now)
        arrivesAt = now + this.#gapMs(now)
      }
    }
  }

  #gapMs(now: number): number {
    const meanMs = 60_000 / this.#options.perMinute(now - this.#startsAt)
    return this.#options.arrivals === 'even' ? meanMs : -Math.log(1 - this.#dice.next()) * meanMs
  }

  #arrive(now: number): void {
    if (this.#queue.length >= MAX_QUEUED) return
    this.#queue.push({ since: now, tried: new Set() })
    // Who comes after others waits with them.
    if (this.#queue.length === 1) this.#dispatch(now)
  }

  #dispatch(now: number): void {
    this.#wakeAt = Number.POSITIVE_INFINITY
    for (let [first] = this.#queue; first !== undefined; [first] = this.#queue) {
      const key = now - first.since > PATIENCE_MS ? undefined : this.#choose(first, now)
      if (key === undefined && now - first.since <= PATIENCE_MS) break
      this.#queue.shift()
      if (key !== undefined) this.#start(first, key, now)
    }
    if (this.#queue.length > 0)
      for (const key of this.#keys) this.#wakeAt = Math.min(this.#wakeAt, Math.max(now + 1, key.opensAt(now)))
  }

  #choose({ tried }: Request, now: number): LabKey | undefined {
    let chosen: LabKey | undefined
    for (const key of this.#keys) {
      if (chosen !== undefined && (this.#options.choice === 'first' || key.usedAt >= chosen.usedAt)) continue
      if (!tried.has(key) && key.opensAt(now) <= now) chosen = key
    }
    return chosen
  }

  #start(request: Request, key: LabKey, now: number): void {
    const { networkMs = 0, answerMs, hasHints } = this.#options
    key.begin(now)
    const reach = (at: number): void => {
      const isAccepted = key.limit.admit(at)
      this.#count(key, isAccepted, at)
      const hintMs = !isAccepted && hasHints ? key.limit.retryAfterMs(at) : undefined
      this.#events.add(at + (isAccepted ? answerMs : REFUSAL_MS), (then) => {
        if (isAccepted) key.accept(now, then)
        else {
          key.refuse(now, then, hintMs)
          this.#tryElsewhere(request, key)
        }
        this.#dispatch(then)
      })
    }
    if (networkMs === 0) reach(now)
    else this.#events.add(now + (networkMs * (1 + this.#dice.next())) / 2, reach)
  }

  #tryElsewhere(request: Request, key: LabKey): void {
    request.tried.add(key)
    if (request.tried.size === this.#keys.length) request.tried.clear()
    this.#queue.unshift(request)
  }

  #count(key: LabKey, isAccepted: boolean, at: number): void {
    const minute = Math.floor((at - this.#startsAt) / 60_000)
    const counts = isAccepted ? this.result.accepted : this.result.refused
    if (minute < counts.length) counts[minute] = (counts[minute] ?? 0) + 1
    const index = this.#keys.indexOf(key)
    if (isAccepted) this.result.acceptedByKey[index] = (this.result.acceptedByKey[index] ?? 0) + 1
  }
}
