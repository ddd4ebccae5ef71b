import type { TargetRef } from '../failure/index.ts'
import { Attempt } from './attempt.ts'
import { OpenAttempt } from './attempt-context.ts'
import type { Engine } from './engine.ts'
import type { ScopeHealth } from './health/scope-health.ts'
import { standingOf } from './health/standing.ts'
import type { AttemptContext } from './provider.ts'
import { withoutPrompt } from './redaction.ts'
import type { Target } from './target.ts'

/** The smallest request needs no longer than this. */
const LIMIT_MS = 30_000
/** What has not come back after this long is asked for less often: each probe costs a request. */
const EAGER_MS = 5 * 60_000
const LATER_TIMES = 5

type Probe = (context: AttemptContext) => Promise<void>

interface ProberOptions {
  readonly engine: Engine
  readonly everyMs: number
  /** Everything that may be out. */
  readonly scopes: () => Iterable<ScopeHealth>
  /** The targets that have been asked for lately. */
  readonly targets: () => Iterable<Target>
  /** How a target is asked; undefined where its provider knows no way. */
  readonly probeOf: (target: Target) => Probe | undefined
}

/**
 * Asks what a breaker keeps out whether it is back, with the smallest real request (`health.probe`, off by default), so
 * that no request of a caller has to. One probe for each scope at a time; it is that scope's trial.
 */
export class Prober {
  readonly #options: ProberOptions
  /** Scopes that are out, since when they have been probed, and when they are next. */
  readonly #patients = new Map<string, { readonly since: number; dueAt: number; isAsked: boolean }>()
  #isArmed = false

  constructor(options: ProberOptions) {
    this.#options = options
  }

  /** Something may have gone out: from now on it is asked for. */
  wake(): void {
    const { engine, everyMs } = this.#options
    if (this.#isArmed || !this.#hasPatients()) return
    this.#isArmed = true
    engine.clock.setTimer(() => this.#visit(), everyMs, { isBackground: true })
  }

  #hasPatients(): boolean {
    for (const scope of this.#options.scopes()) if (isPatient(scope)) return true
    this.#patients.clear()
    return false
  }

  #visit(): void {
    this.#isArmed = false
    const { engine, everyMs, scopes, targets } = this.#options
    const now = engine.clock.now()
    const out = new Map([...scopes()].filter(isPatient).map((scope) => [scope.name, scope]))
    for (const name of this.#patients.keys()) if (!out.has(name)) this.#patients.delete(name)
    const candidates = [...targets()]
    for (const [name, scope] of out) {
      const patient = this.#patients.get(name) ?? { since: now, dueAt: now, isAsked: false }
      this.#patients.set(name, patient)
      if (patient.isAsked || now < patient.dueAt) continue
      const target = candidates.find((other) => other.allScopes.includes(scope) && this.#mayProbe(other, now))
      const probe = target && this.#options.probeOf(target)
      if (target === undefined || probe === undefined) continue
      patient.isAsked = true
      patient.dueAt = now + everyMs * (now - patient.since > EAGER_MS ? LATER_TIMES : 1)
      void this.#ask(target, probe).finally(() => {
        patient.isAsked = false
      })
    }
    this.wake()
  }

  /** Only breaker windows keep it out, nobody is finding out, and its own limits leave room. */
  #mayProbe(target: Target, now: number): boolean {
    const standing = standingOf(target, now)
    if (standing.state === 'trial') return true
    if (standing.state !== 'cooling' || !standing.isOnlyBreaker || standing.trialLapsesAt !== undefined) return false
    return target.health.heldBy(now) === undefined
  }

  async #ask(target: Target, probe: Probe): Promise<void> {
    const { engine } = this.#options
    const { credentials, hub } = engine
    const attempt = new Attempt(engine, engine.lease(target, true), 1, 'trial', {})
    const ref: TargetRef = target.ref
    hub.emit({ type: 'probe_started', target: ref })
    const { responseMs } = engine.settings.timeouts
    const send = async (): Promise<void> => {
      const key = await credentials.keyOf(target.credential)
      attempt.apiKey = key
      attempt.lease.sent()
      await probe(new OpenAttempt(attempt))
    }
    try {
      const limit = { phase: 'response', ms: Math.min(LIMIT_MS, responseMs), isCutShort: false } as const
      await attempt.within(limit, send())
      attempt.end('succeeded')
      attempt.lease.succeed()
      hub.emit({ type: 'probe_succeeded', target: ref, durationMs: attempt.record.durationMs })
    } catch (error) {
      const failure = engine.classify(error, target, attempt.secrets)
      attempt.abort(error)
      attempt.end('failed')
      engine.refuseKey(target.credential, attempt.secrets)
      hub.emit({
        type: 'probe_failed',
        target: ref,
        durationMs: attempt.record.durationMs,
        failure: withoutPrompt(failure),
      })
      attempt.lease.failWith(failure)
    }
  }
}

/** A breaker keeps it out. */
function isPatient(scope: ScopeHealth): boolean {
  const window = scope.isQuiet ? undefined : scope.find('breaker')
  return (
    window !== undefined && (window.state === 'half_open' || (window.state === 'cooling' && window.end === 'inferred'))
  )
}
