import type { AttemptContext, Clock, Profile } from '../engine/index.ts'
import { readQuota } from '../failure/index.ts'
import type { ResponseHeaders } from '../transport/index.ts'

/** What the answers of one profile and model say of its limits in their headers. */
interface Watched {
  /** The headers that say how much is left, and below what it is little. */
  readonly remainders: readonly Remainder[]
  /** The headers that say how much there is, with what was last told of them. */
  readonly limits: readonly { readonly name: string; readonly told: string }[]
  /** Little was left when it was last told: that there is more again is news, too. */
  readonly wasLow: boolean
  answersLeft: number
}

type Remainder = { readonly name: string } & (
  | { readonly says: 'left'; readonly lowFrom: number }
  | { readonly says: 'used'; readonly lowFrom: number }
  | { readonly says: 'list' }
)

/** Less than this share of its limit is little of a number of tokens; of requests only none is. */
const LOW_RATIO = 0.1
/** A header that was not there may come up: they are gone through again after so many answers. */
const ANSWERS_BETWEEN_LOOKS = 100
/** Models that are remembered of one profile. */
const MAX_MODELS = 256
/** The headers that `readQuota` reads. */
const QUOTA_HEADER = /rate-?limit|^x-codex-/
const USED = /-(utilization|used-percent)$/
/** None left, in the IETF's one field for all: draft-ietf-httpapi-ratelimit-headers. */
const LIST_HEADER = 'ratelimit'
const NONE_IN_LIST = /;\s*r=0\s*(?:[;,]|$)/

/**
 * Tells the engine what successful answers say of a provider's limits, where it is news: a limit that is new or another
 * one, and that little is left. All other answers cost a few look-ups, since reading the headers in full takes longer
 * than choosing a target.
 */
export class QuotaNotes {
  readonly #clock: Clock
  readonly #watched = new WeakMap<Profile, Map<string, Watched>>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  take(headers: ResponseHeaders, context: AttemptContext): void {
    if (context.noteQuota === undefined) return
    const { profile, target } = context
    const models = this.#modelsOf(profile)
    const watched = models.get(target.model)
    if (watched !== undefined && watched.answersLeft > 0 && !isNews(watched, headers)) {
      watched.answersLeft -= 1
      return
    }
    if (watched === undefined && models.size >= MAX_MODELS) models.clear()
    const latest = watch(headers)
    models.set(target.model, latest)
    if (watched !== undefined && !latest.wasLow && !watched.wasLow && haveSameLimits(watched, latest)) return
    const buckets = readQuota(headers, profile.provider, this.#clock.now())
    if (buckets.length > 0) context.noteQuota(buckets)
  }

  #modelsOf(profile: Profile): Map<string, Watched> {
    const known = this.#watched.get(profile)
    if (known !== undefined) return known
    const models = new Map<string, Watched>()
    this.#watched.set(profile, models)
    return models
  }
}

function isNews({ limits, remainders, wasLow }: Watched, headers: ResponseHeaders): boolean {
  if (wasLow) return true
  for (const { name, told } of limits) {
    if (`${headers[name]}` !== told) return true
  }
  return remainders.some((remainder) => isLow(remainder, headers))
}

function haveSameLimits(earlier: Watched, later: Watched): boolean {
  const isSame = ({ name, told }: Watched['limits'][number], index: number): boolean => {
    return earlier.limits[index]?.name === name && earlier.limits[index].told === told
  }
  return earlier.limits.length === later.limits.length && later.limits.every(isSame)
}

function isLow(remainder: Remainder, headers: ResponseHeaders): boolean {
  const value = headers[remainder.name]
  if (typeof value !== 'string') return false
  switch (remainder.says) {
    case 'left':
      return Number(value) <= remainder.lowFrom
    case 'used':
      return Number(value) >= remainder.lowFrom
    case 'list':
      return NONE_IN_LIST.test(value)
  }
}

/** Which headers are to be looked at in the next answers, and what they say in this one. */
function watch(headers: ResponseHeaders): Watched {
  const names = Object.keys(headers).filter((name) => QUOTA_HEADER.test(name))
  const remainders = names.flatMap((name) => remainderOf(name, headers))
  return {
    remainders,
    limits: names.filter(isLimit).map((name) => ({ name, told: `${headers[name]}` })),
    wasLow: remainders.some((remainder) => isLow(remainder, headers)),
    answersLeft: ANSWERS_BETWEEN_LOOKS,
  }
}

function isLimit(name: string): boolean {
  return name !== LIST_HEADER && (/limit-policy$/.test(name) || /-limit(?:-|$)/.test(name.replace(/rate-?limit/, '')))
}

function remainderOf(name: string, headers: ResponseHeaders): readonly Remainder[] {
  if (name === LIST_HEADER) return [{ name, says: 'list' }]
  if (USED.test(name)) return [{ name, says: 'used', lowFrom: (1 - LOW_RATIO) * (name.endsWith('percent') ? 100 : 1) }]
  if (!name.includes('remaining')) return []
  const limit = Number(headers[name.replace('remaining', 'limit')])
  return [{ name, says: 'left', lowFrom: name.includes('token') && limit > 0 ? limit * LOW_RATIO : 0 }]
}
