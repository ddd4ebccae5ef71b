import type { KnownLink, KnownTarget } from './mirror.ts'
import type { BindingPlan } from './plan.ts'
import { Dice } from './random.ts'

/** What somebody's answer has made. */
export function idMadeFor(caller: number): string {
  return `made for ${caller}`
}

/** What an earlier request has made, if it has got so far, or what nobody has made. */
export function referredTo({ of }: BindingPlan, caller: number, seed: number): string {
  return idMadeFor(of === 'unknown' ? -1 : new Dice(seed).int(0, caller))
}

/** Who made something that later requests may refer to. */
interface Owner {
  readonly profile: string
  readonly quotaGroup: string | undefined
  readonly provider: string
}

/** What one request refers to, as far as the oracle knows who can serve it. */
export interface Bound {
  readonly scope: BindingPlan['scope']
  /** `nobody`: no manager has heard of it. `unsure`: this one may have or not. */
  readonly owner: Owner | 'nobody' | 'unsure'
  /** Where what nobody has heard of was most likely made. */
  readonly provider: string
}

/** Who made what, by its id. */
export class BindingBook {
  readonly #owners = new Map<string, Owner | 'unsure'>()

  /** It has been sent to the manager, which may not have got to it. */
  sent(id: string): void {
    if (!this.#owners.has(id)) this.#owners.set(id, 'unsure')
  }

  /** The manager has read it to its end. */
  noted(id: string, owner: Owner): void {
    if (this.#owners.has(id)) this.#owners.set(id, owner)
  }

  /** What a profile has made goes with it. */
  forgetProfile(profile: string): void {
    for (const [id, owner] of this.#owners)
      if (owner === 'unsure' || owner.profile === profile) this.#owners.set(id, owner === 'unsure' ? owner : 'unsure')
  }

  /** What a request refers to. Undefined: to nothing that keeps it from anywhere. */
  boundBy(id: string, { scope, isDroppable }: BindingPlan, first: KnownLink | undefined): Bound | undefined {
    if (isDroppable) return undefined
    const owner = this.#owners.get(id) ?? 'nobody'
    return { scope, owner: first === undefined ? 'unsure' : owner, provider: first?.provider ?? '' }
  }
}

/** Can the target serve what the request refers to? Undefined: that is not known. */
export function isServed(bound: Bound | undefined, { profile }: KnownTarget): boolean | undefined {
  if (bound === undefined) return true
  const { owner, scope, provider } = bound
  if (owner === 'unsure') return undefined
  if (owner === 'nobody') return profile.provider === provider
  const { id, quotaGroup } = profile.options
  switch (scope) {
    case 'profile':
      return id === owner.profile
    case 'quota_group':
      return id === owner.profile || (owner.quotaGroup !== undefined && quotaGroup === owner.quotaGroup)
    case 'vendor':
      return profile.provider === owner.provider
  }
}
