import type { FailoverEventOf } from '../../src/index.ts'
import { type KnownTarget, scopesOf } from './mirror.ts'

type Started = FailoverEventOf<'cooldown_started'>
type Ended = FailoverEventOf<'cooldown_ended'>

/** Whoever makes an attempt: a request's try or a lease. */
export interface Holder {
  readonly startedAt: number
  /** Place among everything that was heard, so that what happened in one millisecond has an order, too. */
  readonly order: number
}

/** A window as its events tell it. */
export interface KnownWindow {
  readonly started: Started
  readonly order: number
  /** Whose failure opened it; undefined where nobody's here did. */
  readonly cause: Holder | undefined
  /** Who finds out whether it is back. */
  trial: Holder | undefined
}

export type WindowState = 'cooling' | 'half_open' | 'reopened'

/** The windows there are, from `cooldown_started`, `cooldown_ended` and the time alone. */
export class WindowBook {
  readonly #windows = new Map<string, KnownWindow>()
  /** What has ever been out. */
  readonly #ever = new Map<string, Set<Started['kind']>>()
  readonly #lapseMs: number

  constructor(lapseMs: number) {
    this.#lapseMs = lapseMs
  }

  find(event: Pick<Started, 'scope' | 'key' | 'kind'>): KnownWindow | undefined {
    return this.#windows.get(nameOf(event))
  }

  /** One that replaces another before its end began with it, unless that one's own trial has failed. */
  start(started: Started, order: number, cause: Holder | undefined): void {
    const before = this.find(started)
    const isTrialOf = cause !== undefined && before?.trial === cause
    const goesOn = before !== undefined && stateOf(before, started.at) === 'cooling' && !isTrialOf
    const scope = `${started.scope} ${started.key}`
    this.#ever.set(scope, (this.#ever.get(scope) ?? new Set()).add(started.kind))
    this.#windows.set(nameOf(started), { started, order: goesOn ? before.order : order, cause, trial: undefined })
  }

  /** @returns whether there was one */
  end(ended: Ended): boolean {
    return this.#windows.delete(nameOf(ended))
  }

  /** What was known of a profile is forgotten with it. */
  forgetProfile(id: string): void {
    for (const [name, { started }] of this.#windows) {
      const isOwn = started.scope === 'target' || started.scope === 'profile'
      if (isOwn && (started.key === id || started.key.startsWith(`${id} `))) this.#windows.delete(name)
    }
  }

  /** The kinds of windows that have ever stood against a target. */
  everAgainst(target: KnownTarget): Set<Started['kind']> {
    return new Set([...scopesOf(target)].flatMap((scope) => [...(this.#ever.get(scope) ?? [])]))
  }

  /** Every window there is. */
  all(): Iterable<KnownWindow> {
    return this.#windows.values()
  }

  /** The windows that stand against a target now; none that a stated end has opened again. */
  against(target: KnownTarget, now: number): KnownWindow[] {
    if (this.#windows.size === 0) return []
    const keys = scopesOf(target)
    return [...this.#windows.values()].filter(
      (window) => keys.has(`${window.started.scope} ${window.started.key}`) && stateOf(window, now) !== 'reopened',
    )
  }

  /** A preset's fixed windows know no trials. */
  take(windows: readonly KnownWindow[], holder: Holder): void {
    for (const window of windows) if (window.started.end !== 'fixed') window.trial = holder
  }

  /** The trial is decided, or given back. */
  giveBack(holder: Holder): void {
    for (const window of this.#windows.values()) if (window.trial === holder) window.trial = undefined
  }

  isOnTrial({ trial }: KnownWindow, now: number): boolean {
    return trial !== undefined && now < trial.startedAt + this.#lapseMs
  }
}

export function stateOf({ started }: KnownWindow, now: number): WindowState {
  if (now < started.until) return 'cooling'
  return started.end === 'inferred' ? 'half_open' : 'reopened'
}

function nameOf({ scope, key, kind }: Pick<Started, 'scope' | 'key' | 'kind'>): string {
  return `${scope} ${key} ${kind}`
}
