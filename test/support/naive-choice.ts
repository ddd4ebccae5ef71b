import type { Course } from '../../src/engine/course.ts'
import { standingOf } from '../../src/engine/health/standing.ts'
import type { ChainLink } from '../../src/engine/routes.ts'
import { hashText, mix } from '../../src/engine/select/hashing.ts'
import type { StrategyName } from '../../src/engine/select/strategy.ts'
import type { Target } from '../../src/engine/target.ts'

interface NaiveOptions {
  readonly strategy: StrategyName
  readonly rotateOnSuccess: boolean
  readonly isSpent: (target: Target, now: number) => boolean
}

/** Targets of one tier, and those of them that may be chosen. */
interface Choosable {
  readonly members: readonly Target[]
  readonly among: readonly Target[]
  /** Where the members begin in the order of all targets. */
  readonly start: number
}

/** The rules of choosing as they are told, followed by looking at every target for every choice. */
export class NaiveChoice {
  readonly #options: NaiveOptions
  /** Profiles, each time they were used. */
  readonly #uses: string[] = []
  readonly #turns = new Map<string, { readonly profile: string; readonly index: number }>()
  readonly #stays = new Map<string, { readonly profile: string; readonly until: number }>()
  #onTaken: (target: Target) => void = () => {}

  constructor(options: NaiveOptions) {
    this.#options = options
  }

  /** The targets of which one is to be chosen: one alone, but where chance decides; none where nothing is open. */
  choose(chain: readonly ChainLink[], course: Course, session: string | undefined, now: number): readonly Target[] {
    this.#onTaken = () => {}
    for (const isDeferred of [false, true]) {
      for (const link of chain) {
        const isDue = (target: Target): boolean => {
          const until = course.deferredUntil(target)
          return course.allows(link, target) && (until !== undefined) === isDeferred && (until ?? now) <= now
        }
        const choosable = this.#choosable(link, (target) => isDue(target) && isOpen(target, now), now)
        if (choosable !== undefined) return this.#among(choosable, session, now)
      }
    }
    return []
  }

  took(target: Target): void {
    this.#uses.push(target.profile)
    this.#onTaken(target)
  }

  #choosable(link: ChainLink, isCandidate: (target: Target) => boolean, now: number): Choosable | undefined {
    const targets = link.targets()
    const open = targets.filter(isCandidate)
    const unspent = open.filter((target) => !this.#options.isSpent(target, now))
    const candidates = unspent.length > 0 ? unspent : open
    const [first] = candidates
    if (first === undefined) return undefined
    const { start, end } = link.pool().tierOf(targets.indexOf(first))
    const members = targets.slice(start, end)
    return { members, among: candidates.filter((target) => members.includes(target)), start }
  }

  #among(choosable: Choosable, session: string | undefined, now: number): readonly Target[] {
    const { members } = choosable
    if (members.length === 1) return members
    return session === undefined ? this.#byStrategy(choosable) : [this.#ofSession(session, choosable, now)]
  }

  #byStrategy(choosable: Choosable): readonly Target[] {
    const { among } = choosable
    const { rotateOnSuccess, strategy } = this.#options
    const least = (value: (target: Target) => number): readonly Target[] => {
      const smallest = Math.min(...among.map(value))
      return among.filter((target) => value(target) === smallest)
    }
    switch (strategy) {
      case 'priority':
        return rotateOnSuccess ? least(({ profile }) => this.#uses.lastIndexOf(profile)).slice(0, 1) : among.slice(0, 1)
      case 'round_robin':
        return this.#next(choosable, among)
      case 'least_busy':
        return this.#next(
          choosable,
          least(({ health }) => health.limits.inFlight),
        )
      case 'weighted':
      case 'lowest_latency':
        return among
    }
  }

  /** Round from the one that had its turn last. */
  #next({ members, start }: Choosable, among: readonly Target[]): readonly Target[] {
    const key = keyOf(members)
    const turn = this.#turns.get(key)
    const place = members.findIndex(({ profile }) => profile === turn?.profile)
    const next = turn === undefined ? 0 : place === -1 ? turn.index - start : place + 1
    const begin = next >= 0 && next < members.length ? next : 0
    this.#onTaken = ({ profile }) =>
      this.#turns.set(key, { profile, index: start + members.findIndex((target) => target.profile === profile) })
    return [...members.slice(begin), ...members.slice(0, begin)].filter((target) => among.includes(target)).slice(0, 1)
  }

  #ofSession(session: string, { members, among }: Choosable, now: number): Target {
    const key = `${keyOf(members)} ${session}`
    const stay = this.#stays.get(key)
    if (stay !== undefined && now >= stay.until) this.#stays.delete(key)
    const staying = among.find(({ profile }) => profile === stay?.profile)
    if (stay !== undefined && now < stay.until && staying !== undefined) return staying
    const chosen = this.#highest(session, members, among)
    const home = this.#highest(session, members, members)
    this.#onTaken = () => {
      if (chosen === home) this.#stays.delete(key)
      else if (!isOpen(home, now) || this.#options.isSpent(home, now))
        this.#stays.set(key, { profile: chosen.profile, until: now + 300_000 })
    }
    return chosen
  }

  /** The best of the best group. */
  #highest(session: string, members: readonly Target[], among: readonly Target[]): Target {
    const isWeighed = this.#options.strategy === 'weighted'
    const rank = (name: string, targets: readonly Target[]): number => {
      const weight = isWeighed ? targets.reduce((sum, { credential }) => sum + credential.weight, 0) : 1
      const drawn = (mix(hashText(name), hashText(session)) + 0x8000_0000 + 0.5) / 0x1_0000_0000
      return Math.log(drawn) / weight
    }
    const best = <T>(items: readonly T[], rankOf: (item: T) => number): T => {
      const [first] = items.toSorted((a, b) => rankOf(b) - rankOf(a))
      if (first === undefined) throw new Error('there is none')
      return first
    }
    const hasGroups = members.some(({ credential }) => credential.quotaGroup !== undefined)
    const groupOf = ({ credential }: Target): string =>
      credential.quotaGroup === undefined ? `profile ${credential.id}` : `group ${credential.quotaGroup}`
    const group = best(among.map(groupOf), (name) =>
      rank(
        name,
        members.filter((target) => groupOf(target) === name),
      ),
    )
    const inside = hasGroups ? among.filter((target) => groupOf(target) === group) : among
    return best(inside, (target) => rank(target.profile, [target]))
  }
}

function isOpen(target: Target, now: number): boolean {
  const { state } = standingOf(target, now)
  return state === 'open' || state === 'trial'
}

/** The rank of a model. */
function keyOf([first]: readonly Target[]): string {
  return `${first?.model} ${first?.credential.priority}`
}
