import type { Failure } from '../failure/index.ts'
import type { ScopeHealth } from './health/scope-health.ts'
import type { ChainLink, Detour } from './routes.ts'
import type { Target } from './target.ts'

/** What a request does after a failure. */
export type Turn =
  /** give the failure back to the caller */
  | 'return'
  /** try the same target again */
  | 'retry'
  /** look for another */
  | 'go_on'

/** What has gone wrong for one request. */
class Setbacks {
  readonly excluded = new Set<string | ChainLink>()
  /** Models that have turned this very request down. */
  readonly turnedDown = new Set<ChainLink>()
  readonly deferred = new Map<string, number>()
  /** Counted for each model at its origin, each time it is put off. */
  readonly deferrals = new Map<string, number>()
  readonly missedModel = new Set<ChainLink>()
  /** Whose latest failure was a rate limit. */
  readonly rateLimited = new Set<string>()
  unknownFailures = 0
  /** The largest context window that was too small, tokens. */
  tooSmallWindow: number | undefined
  contextFailures = 0
  detour: Detour | undefined
}

interface CourseOptions {
  /** Tries of one target. */
  readonly maxTries: number
  readonly chain: readonly ChainLink[]
  /** In tokens; undefined where it is not known. */
  readonly contextWindowOf: (model: string) => number | undefined
}

/**
 * The way of one request through its chain: what it has tried, what it will not try again, and what it would try only
 * if nothing else is left. Health outlives the request and is not kept here.
 */
export class Course {
  readonly #maxTries: number
  readonly #chain: readonly ChainLink[]
  readonly #contextWindowOf: (model: string) => number | undefined
  /** The target that was tried first, and how often. Most requests try no other. */
  #first: string | undefined
  #firstTries = 0
  /** How often others were. */
  #otherTries: Map<string, number> | undefined
  /** Most requests have none. */
  #setbacks: Setbacks | undefined

  constructor({ maxTries, chain, contextWindowOf }: CourseOptions) {
    this.#maxTries = maxTries
    this.#chain = chain
    this.#contextWindowOf = contextWindowOf
  }

  tries(target: Target): number {
    if (this.#first === undefined) return 0
    const name = own(target)
    return name === this.#first ? this.#firstTries : (this.#otherTries?.get(name) ?? 0)
  }

  started(target: Target): void {
    const name = own(target)
    this.#first ??= name
    if (name === this.#first) this.#firstTries += 1
    else {
      this.#otherTries ??= new Map()
      this.#otherTries.set(name, (this.#otherTries.get(name) ?? 0) + 1)
    }
  }

  /** Its latest try was in vain for a reason that was not its own, and does not count. */
  forgive(target: Target): void {
    const name = own(target)
    if (name === this.#first) this.#firstTries -= 1
    else this.#otherTries?.set(name, Math.max(0, (this.#otherTries.get(name) ?? 0) - 1))
  }

  /** A target that was rate limited and comes back when it was told to is no load on anything that is down. */
  isFree(target: Target): boolean {
    return this.#setbacks?.rateLimited.has(own(target)) ?? false
  }

  /** It is tried after all others. @param until not before this time, epoch milliseconds */
  putLast(target: Target, until: number): void {
    this.#noted().deferred.set(own(target), until)
  }

  exclude(target: Target): void {
    this.#noted().excluded.add(own(target))
  }

  /** May this request still try the target at all? */
  allows(link: ChainLink, target: Target): boolean {
    if (this.tries(target) >= this.#maxTries || link.onlyAfter !== this.#setbacks?.detour) return false
    if (this.#setbacks === undefined) return true
    const { deferrals, excluded } = this.#setbacks
    // A model that fails at an origin is tried there as often as one target, whatever the number of keys.
    if (deferrals.size > 0 && (deferrals.get(modelOf(target)) ?? 0) >= this.#maxTries) return false
    if (excluded.size === 0) return true
    return !(excluded.has(link) || namesOf(target).some((name) => excluded.has(name)))
  }

  /** Has the model itself turned this request down, or is it not on its way, so that no time will help? */
  isTurnedDownBy(link: ChainLink): boolean {
    return link.onlyAfter !== this.#setbacks?.detour || (this.#setbacks?.turnedDown.has(link) ?? false)
  }

  /** When a target that has been put off may be tried again, epoch milliseconds; undefined if it has not been. */
  deferredUntil(target: Target): number | undefined {
    if (this.#setbacks === undefined || this.#setbacks.deferred.size === 0) return undefined
    const { deferred } = this.#setbacks
    const times = scopesOf(target).flatMap((scope) => deferred.get(scope) ?? [])
    return times.length === 0 ? undefined : Math.max(...times)
  }

  /**
   * Draws the consequences of a failure for this request.
   *
   * @param isFirstModel the failure came from the model that was asked for, not from a fallback
   * @param backoffUntil when what is put off may be tried again, epoch milliseconds
   */
  after(failure: Failure, link: ChainLink, isFirstModel: boolean, target: Target, backoffUntil: number): Turn {
    if (failure.reason === 'rate_limit') this.#noted().rateLimited.add(own(target))
    else this.#setbacks?.rateLimited.delete(own(target))
    if (!failure.mayRetryTarget && failure.nextStep !== 'return') this.exclude(target)
    switch (failure.nextStep) {
      case 'return':
        return this.#afterRejection(failure, link, isFirstModel)
      case 'retry_target':
        if (failure.mayRetryTarget && this.tries(target) === 1) return 'retry'
        this.defer(failure, target, backoffUntil)
        return 'go_on'
      case 'next_profile':
        // What may come back, health keeps out for as long as it should be; the rest is over for this request.
        if (!failure.isRetryable) this.exclude(target)
        if (failure.reason === 'model_not_found') this.#missModel(link)
        return 'go_on'
      case 'next_model':
        return this.#afterModelFailure(failure, link, target, backoffUntil)
      case 'next_provider':
        // A silent target is not tried twice in one request, and a blocked origin stays blocked.
        if (failure.reason === 'timeout') this.exclude(target)
        if (!failure.isRetryable) this.#noted().excluded.add(nameOf(target.scopes.provider))
        else this.#putOff(target.scopes.provider, target, backoffUntil)
        return 'go_on'
    }
  }

  #afterRejection({ reason }: Failure, link: ChainLink, isFirstModel: boolean): Turn {
    if ((reason === 'context_length' || reason === 'content_policy') && this.#takesDetour(reason)) {
      this.#turnDown(link)
      return this.#hasLinkLeft() ? 'go_on' : 'return'
    }
    if (reason === 'context_length') return this.#afterTooLong(link)
    if (isFirstModel || reason !== 'invalid_request') return 'return'
    // A fallback's own unsupported parameter is not the caller's fault: skip it.
    this.#turnDown(link)
    return 'go_on'
  }

  /** Has the owner said where a request goes that fails for this reason? */
  #takesDetour(reason: Detour): boolean {
    const setbacks = this.#noted()
    if (setbacks.detour === undefined && this.#chain.some(({ onlyAfter }) => onlyAfter === reason))
      setbacks.detour = reason
    return setbacks.detour === reason
  }

  /** A model with a larger window may take it; one whose window is not known is tried once. */
  #afterTooLong(link: ChainLink): Turn {
    const setbacks = this.#noted()
    const before = setbacks.tooSmallWindow
    const own = this.#windowOf(link)
    setbacks.contextFailures += 1
    const wasGuess = setbacks.contextFailures > 1 && !isLarger(own, before)
    if (own !== undefined) setbacks.tooSmallWindow = Math.max(own, before ?? 0)
    this.#turnDown(link)
    for (const other of this.#chain) {
      const window = this.#windowOf(other)
      const isTooSmall =
        window !== undefined && setbacks.tooSmallWindow !== undefined && window <= setbacks.tooSmallWindow
      if (isTooSmall || (wasGuess && !isLarger(window, setbacks.tooSmallWindow))) this.#turnDown(other)
    }
    return this.#hasLinkLeft() ? 'go_on' : 'return'
  }

  #hasLinkLeft(): boolean {
    return this.#chain.some((link) => !this.isTurnedDownBy(link))
  }

  #windowOf(link: ChainLink): number | undefined {
    const model = link.model ?? link.targets()[0]?.model
    return model === undefined ? undefined : this.#contextWindowOf(model)
  }

  #afterModelFailure(failure: Failure, link: ChainLink, target: Target, backoffUntil: number): Turn {
    switch (failure.reason) {
      case 'timeout':
        this.#noted().excluded.add(target.scopes.model === undefined ? own(target) : nameOf(target.scopes.model))
        return 'go_on'
      case 'unknown':
        this.#noted().unknownFailures += 1
        this.#noted().excluded.add(link)
        return this.#noted().unknownFailures > 1 ? 'return' : 'go_on'
      case 'overloaded':
        // One quick retry if there is nothing else: more would add to the load.
        if (this.tries(target) > 1) this.exclude(target)
        this.defer(failure, target, backoffUntil)
        return 'go_on'
      default:
        // What will never fit into this model's limit, or is not there, is not there a second time.
        if (failure.isRetryable) this.defer(failure, target, backoffUntil)
        else this.#turnDown(link)
        return 'go_on'
    }
  }

  /** The model is not asked again by this request, whatever the name by which its chain has it once more. */
  leave(link: ChainLink, target: Target): void {
    this.#turnDown(link)
    this.#noted().excluded.add(referenceOf(target))
  }

  #turnDown(link: ChainLink): void {
    this.#noted().turnedDown.add(link)
    this.#noted().excluded.add(link)
  }

  /** The first "no such model" may be one key's lack of access; the second means the model. */
  #missModel(link: ChainLink): void {
    const { excluded, missedModel } = this.#noted()
    if (missedModel.has(link)) excluded.add(link)
    missedModel.add(link)
  }

  /** What fails on one key for a reason that lies with the model or the origin fails on its other keys, too. */
  defer({ scope }: Failure, target: Target, until: number): void {
    const scopes = target.scopes
    const itself = scopes.target ?? scopes.profile
    this.#putOff(
      scope === 'provider' ? scopes.provider : scope === 'model' ? (scopes.model ?? itself) : itself,
      target,
      until,
    )
  }

  #putOff(scope: ScopeHealth, target: Target, until: number): void {
    const { deferred, deferrals } = this.#noted()
    deferred.set(nameOf(scope), until)
    const model = modelOf(target)
    deferrals.set(model, (deferrals.get(model) ?? 1) + 1)
  }

  #noted(): Setbacks {
    this.#setbacks ??= new Setbacks()
    return this.#setbacks
  }
}

/** Surely larger: both are known. */
function isLarger(window: number | undefined, than: number | undefined): boolean {
  return window !== undefined && than !== undefined && window > than
}

/**
 * Scopes go by their names here: the objects may be replaced while a request waits, when profiles change or when what is
 * not known to be of any use is swept.
 */
function nameOf({ name }: ScopeHealth): string {
  return name
}

function scopesOf({ allScopes }: Target): string[] {
  return allScopes.map(nameOf)
}

/** Everything by which it may be excluded. */
function namesOf(target: Target): string[] {
  return [referenceOf(target), ...scopesOf(target)]
}

/** The model, whatever the key and the origin. */
function referenceOf({ provider, model }: Target): string {
  return `${provider}/${model}`
}

/** The model at its origin, whatever the key. */
function modelOf({ scopes }: Target): string {
  return nameOf(scopes.model ?? scopes.profile)
}

function own({ scopes }: Target): string {
  return nameOf(scopes.target ?? scopes.profile)
}
