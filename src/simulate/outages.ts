import { type FailoverEventOf, formatTarget } from '../engine/index.ts'
import type { KeptOutListener } from './engine-contender.ts'
import type { SimulatedTarget } from './target.ts'
import type { Spell } from './timeline.ts'

type Started = FailoverEventOf<'cooldown_started'>

/** A window in which something was out. Whole milliseconds since the beginning. */
export interface OutWindow {
  readonly kind: Started['kind']
  readonly reason: Started['reason']
  /** Who says when it ends. */
  readonly end: Started['end']
  readonly fromMs: number
  /** When it was, or would have been, over; it may have ended earlier. */
  readonly untilMs: number
  /** When that was proven, or it was ended otherwise; absent where nobody tried any more. */
  readonly provenMs?: number
}

/** Everything that kept one thing out. */
export interface Outage {
  readonly scope: Started['scope']
  /** What was out, as events name it. */
  readonly key: string
  readonly windows: readonly OutWindow[]
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] }

/** Gathers from the engine's events what was out when, and what was passed over since it was full. */
export class OutageBook {
  readonly #startMs: number
  readonly #outages = new Map<string, { scope: Started['scope']; key: string; windows: Mutable<OutWindow>[] }>()
  readonly #fullAt = new Map<string, number[]>()
  /** Of each target the request that passed it over last: one that looks again is not counted twice. */
  readonly #lastRequest = new Map<string, string>()

  /** @param startMs epoch milliseconds of the beginning */
  constructor(startMs: number) {
    this.#startMs = startMs
  }

  readonly hear: KeptOutListener = (event) => {
    if (event.type === 'cooldown_started') this.#start(event)
    else if (event.type === 'cooldown_ended') this.#end(event)
    else this.#skip(event)
  }

  /** In the order in which they began. */
  list(): Outage[] {
    return [...this.#outages.values()]
  }

  /** When requests passed a target over since a limit of ours let no more in, milliseconds since the beginning. */
  fullAt(target: string): readonly number[] {
    return this.#fullAt.get(target) ?? []
  }

  #start({ scope, key, kind, reason, end, at, until }: Started): void {
    const fromMs = this.#since(at)
    const name = `${scope} ${key}`
    const outage = this.#outages.get(name) ?? { scope, key, windows: [] }
    this.#outages.set(name, outage)
    const before = outage.windows.findLast((window) => window.kind === kind)
    // One that takes the place of another goes on where that ends.
    if (before !== undefined && before.untilMs > fromMs) before.untilMs = fromMs
    outage.windows.push({ kind, reason, end, fromMs, untilMs: this.#since(until) })
  }

  #end({ scope, key, kind, at }: FailoverEventOf<'cooldown_ended'>): void {
    const window = this.#outages.get(`${scope} ${key}`)?.windows.findLast((each) => each.kind === kind)
    if (window === undefined || window.provenMs !== undefined) return
    const endMs = this.#since(at)
    window.provenMs = endMs
    if (window.untilMs > endMs) window.untilMs = endMs
  }

  #skip({ target, cause, requestId, at }: FailoverEventOf<'target_skipped'>): void {
    const name = formatTarget(target)
    if (cause.kind !== 'limited' || this.#lastRequest.get(name) === requestId) return
    this.#lastRequest.set(name, requestId)
    const moments = this.#fullAt.get(name) ?? []
    this.#fullAt.set(name, moments)
    moments.push(this.#since(at))
  }

  #since(at: number): number {
    return Math.round(at - this.#startMs)
  }
}

/** Did anything begin to keep a target out meanwhile? */
export function keptOut({ key, windows }: Outage, target: SimulatedTarget, { fromMs, untilMs }: Spell): boolean {
  // Keys are the owner's name, and of some scopes the model behind it.
  const space = key.indexOf(' ')
  const owner = space < 0 ? key : key.slice(0, space)
  const model = space < 0 ? undefined : key.slice(space + 1)
  const isOwner = owner === target.profile || owner === target.account || owner === target.origin
  if (!isOwner || (model !== undefined && model !== target.model)) return false
  return windows.some((window) => window.fromMs >= fromMs && window.fromMs < untilMs)
}
