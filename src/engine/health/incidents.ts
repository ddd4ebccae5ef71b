/** Refusals of several keys within this time are one incident. Failure policy, section 1. */
const SPAN_MS = 10_000
/** Once it is known, it goes on for as long as keys are refused this often: breaker windows end at 15 s. */
const QUIET_MS = 60_000

interface Refusal {
  readonly profile: string
  readonly at: number
}

interface Incident {
  /** The latest refusal of each profile, the oldest first. */
  refusals: readonly Refusal[]
  /** More than one profile was refused, and no other has been served since. */
  isOn: boolean
}

/** What a refused key means. */
export type RefusalVerdict =
  /** the key is bad */
  | { readonly kind: 'key' }
  /** the origin refuses everybody; these profiles were condemned before that was known */
  | { readonly kind: 'incident'; readonly condemned: readonly string[] }

/**
 * Tells a bad key from an origin that refuses good ones: two or more profiles that are refused within 10 s, with no
 * success of any other in between, mean an incident of the provider. An origin that serves one key while it refuses
 * others disproves it: those are bad after all.
 */
export class Incidents {
  readonly #incidents = new Map<string, Incident>()

  /** A key was refused at an origin. */
  refused(origin: string, profile: string, now: number): RefusalVerdict {
    const incident = this.#incidents.get(origin) ?? { refusals: [], isOn: false }
    const spanMs = incident.isOn ? QUIET_MS : SPAN_MS
    const others = incident.refusals.filter((refusal) => refusal.profile !== profile && now - refusal.at <= spanMs)
    const wasOn = incident.isOn && others.length > 0
    incident.refusals = [...others, { profile, at: now }]
    incident.isOn = others.length > 0
    this.#incidents.set(origin, incident)
    if (!incident.isOn) return { kind: 'key' }
    return { kind: 'incident', condemned: wasOn ? [] : others.map((refusal) => refusal.profile) }
  }

  /**
   * A profile was served at an origin by an attempt that began at `startedAt`.
   * @returns the profiles whose keys are bad after all: those that were refused while this one, which was not, is served
   */
  served(origin: string, profile: string, startedAt: number): readonly string[] {
    const incident = this.#incidents.get(origin)
    const oldest = incident?.refusals[0]
    if (incident === undefined || oldest === undefined || startedAt < oldest.at) return []
    this.#incidents.delete(origin)
    // One that was refused itself and is served now shows that the incident has ended, and nothing about the others.
    if (!incident.isOn || incident.refusals.some((refusal) => refusal.profile === profile)) return []
    return incident.refusals.filter(({ at }) => startedAt - at <= SPAN_MS).map((refusal) => refusal.profile)
  }

  /** What was said of this profile's key does not count any more. */
  forget(origin: string, profile: string): void {
    const incident = this.#incidents.get(origin)
    if (incident === undefined) return
    incident.refusals = incident.refusals.filter((refusal) => refusal.profile !== profile)
    if (incident.refusals.length === 0) this.#incidents.delete(origin)
  }

  /** No origin refuses anybody. Almost always true, and cheap to ask. */
  get isQuiet(): boolean {
    return this.#incidents.size === 0
  }
}
