import type { Failure, FailureReason, QuotaBucket } from '../../failure/index.ts'
import type { EventDraft, FailoverEventOf } from '../events.ts'
import { ConfiguredLimits } from '../limits/configured-limits.ts'
import { effectOf, type FailurePolicy, type FailureWindow, type HealthEffect } from '../policy/policy.ts'
import type { Profile, ProfileLimits } from '../profile.ts'
import { Target, type TargetScopes } from '../target.ts'
import { Incidents } from './incidents.ts'
import { KEY_KINDS, type WindowKind } from './ladder.ts'
import { ProfileHealth } from './profile-health.ts'
import { type HealthScope, ScopeHealth, scopeName } from './scope-health.ts'
import { Tallies } from './tallies.ts'
import { type AttemptMark, BY_HAND } from './window.ts'

interface HealthBookOptions {
  readonly policy: FailurePolicy
  /** Limits that the profiles of a group share. */
  readonly quotaGroups: Readonly<Record<string, ProfileLimits>>
  readonly emit: (event: EventDraft) => void
  /** Something may have opened: whoever waits should look again. */
  readonly onChange: () => void
}

/** The limits that are learnt are per minute, so none keeps anything out for longer. */
const LONGEST_LEARNT_MS = 60_000
/** Which scopes may come in any number, since callers name the models. */
const SWEPT: readonly HealthScope[] = ['target', 'group_model', 'model']
/** Models that are known not to be there, over all keys. */
const MAX_MISSING = 5_000
/** Scopes that nothing is known of are dropped when more than this many have come together. */
const SWEEP_AT = 50_000

/** Keeps the health of everything that can fail, and applies outcomes to it. */
export class HealthBook {
  readonly #options: HealthBookOptions
  readonly #scopes = new Map<string, ScopeHealth>()
  readonly #profiles = new Map<string, ProfileHealth>()
  readonly #incidents = new Incidents()
  /** Targets whose model was not found, the oldest first. */
  readonly #missing = new Set<ScopeHealth>()
  readonly #groupLimits: ReadonlyMap<string, ConfiguredLimits>
  readonly tallies = new Tallies()
  #newestLease = 0
  #reopenings = 0
  #sweepAt = SWEEP_AT

  constructor(options: HealthBookOptions) {
    this.#options = options
    this.#groupLimits = new Map(
      Object.entries(options.quotaGroups).map(([group, limits]) => [group, new ConfiguredLimits(limits)]),
    )
  }

  /** How often a window has ended before its time. What was cooling stays so until its end while this stays the same. */
  get reopenings(): number {
    return this.#reopenings
  }

  /** A target with its health at hand. Without a model it stands for the profile as such. */
  target(profile: Profile, model: string | undefined, origin: string): Target {
    const { id, quotaGroup } = profile
    const scopes: TargetScopes = {
      ...(model !== undefined && { target: this.#scope('target', `${id} ${model}`) }),
      ...(model !== undefined &&
        quotaGroup !== undefined && { groupModel: this.#scope('group_model', `${quotaGroup} ${model}`) }),
      profile: this.#scope('profile', id),
      ...(quotaGroup !== undefined && { group: this.#scope('group', quotaGroup) }),
      ...(model !== undefined && { model: this.#scope('model', `${origin} ${model}`) }),
      provider: this.#scope('provider', origin),
    }
    return new Target(profile, model ?? '', origin, this.profile(profile), scopes)
  }

  profile(profile: Profile): ProfileHealth {
    const known = this.#profiles.get(profile.id)
    if (known !== undefined) {
      if (known.profile !== profile) known.change(profile)
      known.groupLimits = this.#groupLimits.get(profile.quotaGroup ?? '')
      return known
    }
    const health = new ProfileHealth(profile, this.tallies)
    health.groupLimits = this.#groupLimits.get(profile.quotaGroup ?? '')
    this.#profiles.set(profile.id, health)
    return health
  }

  /** A number for a new attempt; later ones are greater. */
  nextLease(): number {
    this.#newestLease += 1
    return this.#newestLease
  }

  /** Applies a failure to the scope it condemns, and gives back or decides the trials the attempt held. */
  fail(target: Target, failure: Failure, mark: AttemptMark, now: number, requestId?: string): void {
    const { policy } = this.#options
    const said = effectOf(policy, failure, target, now)
    const known = said !== undefined && isOutdated(target, said.scope) ? undefined : said
    const effect = this.#learn(target, failure, known, mark, now)
    if (failure.scope !== 'none' && failure.scope !== 'request')
      target.health.fail(failure.reason, failure.message, now)
    if (effect !== undefined) this.#apply(target, effect, mark, now, requestId)
    if (failure.quota !== undefined) this.noteQuota(target, failure.quota, mark.startedAt, now)
    for (const scope of provenAlive(failure, target)) {
      if (scope === effect?.scope) continue
      for (const { kind } of scope.proveAlive(mark, this.#newestLease, now)) this.#emitEnd(scope, kind, 'proof_of_life')
    }
    this.returnTrial(target, mark)
    this.#options.onChange()
  }

  succeed(target: Target, mark: AttemptMark, now: number): void {
    target.health.succeed()
    let isChanged = false
    for (const scope of target.allScopes) {
      for (const { kind } of scope.succeed(mark, this.#newestLease, now)) {
        isChanged = true
        this.#emitEnd(scope, kind, 'success')
      }
    }
    if (!this.#incidents.isQuiet) isChanged = this.#condemn(target, mark, now) || isChanged
    if (isChanged) this.#options.onChange()
  }

  /** An attempt begins: what is learnt of limits counts them. */
  began(target: Target, now: number): void {
    if (this.#options.policy.learnsLimits) target.quotaScope.learn().began(now)
  }

  /** It ended before the provider was asked. */
  withdrew({ quotaScope }: Target, startedAt: number, now: number): void {
    quotaScope.learnt?.withdrew(startedAt, now)
  }

  /** Headers say what is left of the provider's limits. */
  noteQuota({ quotaScope }: Target, buckets: readonly QuotaBucket[], startedAt: number, now: number): void {
    const { learnsLimits, readsQuota } = this.#options.policy
    if (readsQuota) quotaScope.noteQuota(buckets, startedAt, now, learnsLimits)
  }

  takeTrial(target: Target, mark: AttemptMark, lapsesAt: number): void {
    for (const scope of target.allScopes) if (!scope.isQuiet) scope.takeTrial(mark.lease, lapsesAt, mark.startedAt)
  }

  returnTrial(target: Target, mark: AttemptMark): void {
    for (const scope of target.allScopes) scope.returnTrial(mark.lease)
  }

  /** Forgets the windows of these scopes: of the given kinds, or all. */
  clear(scopes: Iterable<ScopeHealth>, by: 'reset' | 'key_change' | 'success', kinds?: readonly WindowKind[]): void {
    for (const scope of scopes) for (const { kind } of scope.clear(kinds)) this.#emitEnd(scope, kind, by)
    this.#options.onChange()
  }

  /** All scopes that bear on a profile: its own, its group's, and those of the origin it is reached at. */
  scopesOf({ id, quotaGroup }: Profile, origin: string): ScopeHealth[] {
    return [...this.#scopes.values()].filter(({ scope, key }) => {
      const owner = ownerOf(scope, { id, quotaGroup, origin })
      return owner !== undefined && isNamed(key, owner)
    })
  }

  /** Those that are about the profile alone. */
  ownScopesOf(profile: Profile): ScopeHealth[] {
    return [...this.#scopes.values()].filter((scope) => isOwn(scope, profile))
  }

  allScopes(): Iterable<ScopeHealth> {
    return this.#scopes.values()
  }

  /** @param rest the profiles that are left, with their origins: what none of them reaches is forgotten, too */
  forgetProfile(profile: Profile, origin: string, rest: Iterable<Target>): void {
    this.#profiles.get(profile.id)?.retire()
    this.#profiles.delete(profile.id)
    this.#incidents.forget(origin, profile.id)
    let isOriginInUse = false
    let isGroupInUse = profile.quotaGroup === undefined
    for (const { credential, origin: other } of rest) {
      isOriginInUse ||= other === origin
      isGroupInUse ||= credential.quotaGroup === profile.quotaGroup
    }
    const left = {
      id: profile.id,
      quotaGroup: isGroupInUse ? undefined : profile.quotaGroup,
      origin: isOriginInUse ? undefined : origin,
    }
    for (const [name, scope] of this.#scopes) {
      const owner = ownerOf(scope.scope, left)
      if (owner === undefined || !isNamed(scope.key, owner)) continue
      // Others have heard of these; of its own nothing is told any more.
      if (!isOwn(scope, profile)) for (const { kind } of scope.clear()) this.#emitEnd(scope, kind, 'reset')
      this.#scopes.delete(name)
    }
    this.#reopenings += 1
  }

  /** Does anything that lies with its key stand against a profile? */
  isKeyOut(profile: Profile): boolean {
    return this.#keyScopes(profile).some((scope) => !scope.isQuiet)
  }

  #keyScopes({ id, quotaGroup }: Profile): ScopeHealth[] {
    const names = [scopeName('profile', id), ...(quotaGroup === undefined ? [] : [scopeName('group', quotaGroup)])]
    return names.flatMap((name) => this.#scopes.get(name) ?? [])
  }

  /** The key of a profile is another one: what stood against the old one is over. */
  keyChanged(profile: Profile, origin: string): void {
    this.#incidents.forget(origin, profile.id)
    this.clear(this.ownScopesOf(profile), 'key_change', KEY_KINDS)
    const own = this.#scopes.get(scopeName('profile', profile.id))
    // An incident of the origin is not the key's, but what it was refused for was the old one.
    const window = own?.find('breaker')
    if (own !== undefined && window?.reason === 'auth') this.clear([own], 'key_change', ['breaker'])
    // Money belongs to the group, and another key may be another account's.
    const group =
      profile.quotaGroup === undefined ? undefined : this.#scopes.get(scopeName('group', profile.quotaGroup))
    if (group !== undefined) this.clear([group], 'key_change', ['billing'])
  }

  /** Too many scopes have come together: the caller should drop its targets and call `sweep`. */
  get needsSweep(): boolean {
    return this.#scopes.size > this.#sweepAt
  }

  /** Drops the scopes of models that nothing is known of. Those of profiles and origins stay: others hold on to them. */
  sweep(now: number): void {
    for (const [key, scope] of this.#scopes)
      if (SWEPT.includes(scope.scope) && (scope.isPristine(now) || scope.isForgettable(now))) this.#scopes.delete(key)
    this.#sweepAt = Math.max(SWEEP_AT, 2 * this.#scopes.size)
  }

  /** The models on which something stands against a profile, by the profile's id. */
  modelsAgainst(): Map<string, string[]> {
    const models = new Map<string, string[]>()
    for (const { scope, key, isQuiet } of this.#scopes.values()) {
      if (scope !== 'target' || isQuiet) continue
      const space = key.indexOf(' ')
      const id = key.slice(0, space)
      const own = models.get(id)
      if (own === undefined) models.set(id, [key.slice(space + 1)])
      else own.push(key.slice(space + 1))
    }
    return models
  }

  /**
   * A refusal teaches what the limit is. Where that explains it, the limit says when the window ends and paces what comes
   * after, so that no trial has to.
   */
  #learn(
    { quotaScope }: Target,
    { reason }: Failure,
    effect: HealthEffect | undefined,
    mark: AttemptMark,
    now: number,
  ): HealthEffect | undefined {
    const { learnt } = quotaScope
    if (reason === 'network') learnt?.withdrew(mark.startedAt, now)
    const isItsLimit = effect?.kind === 'rateLimit' && effect.scope === quotaScope
    if (!isItsLimit || !this.#options.policy.learnsLimits) return effect
    const limit = quotaScope.learn()
    if (mark.lease === BY_HAND) limit.began(now)
    const { stayAway } = effect
    limit.refused(mark.startedAt, now, stayAway.end === 'inferred' ? undefined : stayAway.until)
    if (stayAway.end !== 'inferred' || !limit.explains(now)) return effect
    return { ...effect, stayAway: { end: 'learnt', until: Math.min(limit.nextAt(now), now + LONGEST_LEARNT_MS) } }
  }

  /** Opens the window of a failure; where an origin refuses good keys, one that is short and burns none. */
  #apply(target: Target, effect: HealthEffect, mark: AttemptMark, now: number, requestId?: string): void {
    const { ofRefusedKey } = this.#options.policy
    const { scope, kind, reason, stayAway } = effect
    const verdict =
      ofRefusedKey !== undefined && kind === 'auth' && scope === target.scopes.profile
        ? this.#incidents.refused(target.origin, target.profile, now)
        : undefined
    if (ofRefusedKey === undefined || verdict?.kind !== 'incident') {
      this.#open(scope, { kind, reason, stayAway }, mark, now, { requestId })
      return
    }
    for (const profile of verdict.condemned) this.#replace(profile, 'auth', ofRefusedKey.inIncident, now)
    this.#open(scope, { ...ofRefusedKey.inIncident, reason }, mark, now, { requestId, isSure: true })
  }

  /** Served by one key, an origin that refuses others means it. @returns whether there were any */
  #condemn({ origin, profile }: Target, { startedAt }: AttemptMark, now: number): boolean {
    const { ofRefusedKey } = this.#options.policy
    const refused = this.#incidents.served(origin, profile, startedAt)
    if (ofRefusedKey !== undefined)
      for (const other of refused) this.#replace(other, 'breaker', ofRefusedKey.alone, now)
    return refused.length > 0
  }

  /** What an incident was, or was not, is known only afterwards. */
  #replace(profile: string, kind: WindowKind, window: FailureWindow, now: number): void {
    const scope = this.#scopes.get(scopeName('profile', profile))
    if (scope?.find(kind) === undefined) return
    for (const closed of scope.clear([kind])) this.#emitEnd(scope, closed.kind, 'incident')
    this.#open(scope, { ...window, reason: 'auth' }, { lease: BY_HAND, startedAt: now }, now, {})
  }

  #open(
    scope: ScopeHealth,
    { kind, reason, stayAway }: FailureWindow & { readonly reason: FailureReason },
    mark: AttemptMark,
    now: number,
    { requestId, isSure = false }: { readonly requestId?: string | undefined; readonly isSure?: boolean },
  ): void {
    // What reports late of somebody who has been removed since condemns nobody.
    if (this.#scopes.get(scope.name) !== scope) return
    const moment = { mark, newestLease: this.#newestLease, now }
    const before = scope.find(kind)
    const opened = scope.fail(kind, reason, stayAway, moment, isSure)
    if (opened?.state !== 'cooling') return
    if (before?.state === 'cooling' && opened.until < before.until) this.#reopenings += 1
    if (reason === 'model_not_found' && scope.scope === 'target') this.#missed(scope)
    const { until, end, rung } = opened
    this.#options.emit({
      type: 'cooldown_started',
      scope: scope.scope,
      key: scope.key,
      kind,
      reason,
      until,
      end,
      rung,
      ...(requestId !== undefined && { requestId }),
    })
  }

  /** Callers name the models, and may invent any number of them: of those that are not there the latest are known. */
  #missed(scope: ScopeHealth): void {
    this.#missing.delete(scope)
    this.#missing.add(scope)
    const [oldest] = this.#missing
    if (oldest === undefined || this.#missing.size <= MAX_MISSING) return
    this.#missing.delete(oldest)
    for (const { kind } of oldest.clear()) this.#emitEnd(oldest, kind, 'reset')
  }

  #scope(scope: HealthScope, key: string): ScopeHealth {
    const name = scopeName(scope, key)
    const known = this.#scopes.get(name)
    if (known !== undefined) return known
    const health = new ScopeHealth(scope, key, name)
    this.#scopes.set(name, health)
    return health
  }

  #emitEnd(scope: ScopeHealth, kind: WindowKind, by: FailoverEventOf<'cooldown_ended'>['by']): void {
    this.#reopenings += 1
    this.#options.emit({ type: 'cooldown_ended', scope: scope.scope, key: scope.key, kind, by })
  }
}

/** What was said of a key says nothing of the one that has taken its place meanwhile. */
function isOutdated({ credential, health }: Target, { scope }: ScopeHealth): boolean {
  return (scope === 'profile' || scope === 'target') && health.profile.apiKey !== credential.apiKey
}

/** Is it about this profile alone? */
function isOwn({ scope, key }: ScopeHealth, { id }: Profile): boolean {
  return (scope === 'target' || scope === 'profile') && isNamed(key, id)
}

/** Names hold no space, so the first one ends them. */
function isNamed(key: string, owner: string): boolean {
  return key === owner || key.startsWith(`${owner} `)
}

/** Whose name the keys of a scope begin with. */
function ownerOf(
  scope: HealthScope,
  names: { id: string; quotaGroup: string | undefined; origin: string | undefined },
): string | undefined {
  switch (scope) {
    case 'target':
    case 'profile':
      return names.id
    case 'group_model':
    case 'group':
      return names.quotaGroup
    case 'model':
    case 'provider':
      return names.origin
  }
}

/**
 * What a failure proves to be alive: an answer of the API itself that refuses the request shows that model and origin
 * work; any other answer of the API shows that the origin is reachable.
 */
function provenAlive({ scope, reason, status, confidence }: Failure, { scopes }: Target): readonly ScopeHealth[] {
  if (status === undefined || status >= 500 || confidence === 'status') return []
  if (scope === 'request') return scopes.model === undefined ? [scopes.provider] : [scopes.model, scopes.provider]
  const isSure = confidence === 'structured'
  return isSure &&
    (reason === 'rate_limit' || reason === 'billing' || reason === 'auth' || reason === 'model_not_found')
    ? [scopes.provider]
    : []
}
