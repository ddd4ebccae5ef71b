import type { RefusalStatus } from './refusals.ts'

/** Statuses under which a key or a model is turned down for good, as long as the fault lasts. */
export type RejectStatus = 401 | 402 | 403 | 404

/** How something is down: it refuses connections, its name is not found, it never answers, or an HTTP status. */
export type Down = 'refused' | 'dns' | 'silent' | RefusalStatus

/**
 * What a fault is about; each name narrows it, and none means everything. `<primary>` and `<fallback>` stand for the
 * provider, profile, model or origin of the first target of the route's first and second model.
 */
export interface FaultSubject {
  readonly provider?: string
  readonly profile?: string
  readonly model?: string
  readonly origin?: string
}

export interface LimitEffect {
  readonly requestsPerMinute?: number
  readonly tokensPerMinute?: number
  readonly window: 'bucket' | 'fixed'
  /** How many requests (or tokens) a full bucket holds; default: a minute's worth. */
  readonly burst?: number
  /** Does a refusal say when to come back? */
  readonly retryAfter: 'header' | 'none'
  /** Do answers say what is left? */
  readonly quotaHeaders: boolean
  /** All that the fault is about share one count; otherwise each key (each quota group) has its own. */
  readonly shared: boolean
}

/** What goes wrong with whatever a fault is about. */
interface FaultEffects {
  readonly down?: Down
  readonly reject?: RejectStatus
  readonly limit?: LimitEffect
  readonly errors?: { readonly ratio: number; readonly status: RefusalStatus }
  readonly latency?: { readonly factor: number; readonly ms: number }
  /** Share of answers that break off midway. */
  readonly cut?: number
}

/** Something that goes wrong for a time. Milliseconds since the beginning. */
export interface Fault extends FaultEffects {
  readonly name?: string
  readonly fromMs: number
  /** The end of the traffic where it is infinite. */
  readonly untilMs: number
  /** Within that time it comes and goes: it lasts `forMs` out of every `everyMs`. */
  readonly repeat?: { readonly everyMs: number; readonly forMs: number }
  readonly about: FaultSubject
}

export interface Traffic {
  /** Requests a second, on average; they come independently of each other. */
  readonly perSecond: number
  readonly minutes: number
  /** A route or a model reference; undefined: the first there is. */
  readonly route: string | undefined
  /** The wire format the requests are in; undefined: that of the provider of the first target. */
  readonly dialect: string | undefined
  readonly isStreaming: boolean
}

/** How answers are where nothing is wrong. Medians, and how far they spread. */
export interface Answers {
  readonly firstContentMs: number
  readonly tokensPerSecond: number
  readonly inputTokens: number
  readonly outputTokens: number
  /** Share of the answers that differ from what was delivered where the same model is asked once more, 0 to 1. */
  readonly divergesAgain: number
  /** The same where another model is asked. */
  readonly divergesElsewhere: number
  /** Standard deviation of the logarithm, of the time to first content and of the length; 0: all are alike. */
  readonly spread: number
}

/** What is asked, and what goes wrong meanwhile. */
export interface Scenario {
  readonly name: string
  readonly description: string
  readonly traffic: Traffic
  readonly answers: Answers
  readonly faults: readonly Fault[]
}

/** Is it going wrong at this time, milliseconds since the beginning? */
export function isActive({ fromMs, untilMs, repeat }: Fault, atMs: number): boolean {
  if (atMs < fromMs || atMs >= untilMs) return false
  return repeat === undefined || (atMs - fromMs) % repeat.everyMs < repeat.forMs
}

/** How often it goes wrong within `[0, endMs)`. */
export function countSpells({ fromMs, untilMs, repeat }: Fault, endMs: number): number {
  const lastsMs = Math.min(untilMs, endMs) - fromMs
  if (lastsMs <= 0) return 0
  return repeat === undefined ? 1 : Math.ceil(lastsMs / repeat.everyMs)
}

/** The times within `[0, endMs)` in which it goes wrong. */
export function spellsOf({ fromMs, untilMs, repeat }: Fault, endMs: number): { fromMs: number; untilMs: number }[] {
  const end = Math.min(untilMs, endMs)
  if (fromMs >= end) return []
  if (repeat === undefined) return [{ fromMs, untilMs: end }]
  const spells: { fromMs: number; untilMs: number }[] = []
  for (let at = fromMs; at < end; at += repeat.everyMs)
    spells.push({ fromMs: at, untilMs: Math.min(at + repeat.forMs, end) })
  return spells
}
