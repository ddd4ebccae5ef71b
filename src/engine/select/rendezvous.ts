import type { Gate } from './gate.ts'
import { mix } from './hashing.ts'
import type { Field, Tier } from './pool.ts'

/** Where a session is served, and where it would be if everything were open. Indexes of the pool. */
export interface Home {
  readonly chosen: number
  readonly home: number
}

/**
 * Highest-random-weight hashing (Thaler and Ravishankar, 1998): a session keeps its profile without any table, restarts
 * included, and when a profile is out or gone only its own sessions move. Over quota groups first, since what a
 * provider has cached for a key it has cached for the others of its organisation; then inside the group.
 *
 * @param first the first target of the tier that the gate admits
 * @param seed the session's hash
 * @param weighs in proportion to the profiles' weights
 */
export function rendezvous(tier: Tier, first: number, gate: Gate, seed: number, weighs: boolean): Home {
  const { field, groups, start } = tier
  const admits = (place: number): boolean => gate.admits(start + place)
  if (groups === undefined) {
    const { winner, champion } = contest(field, weighs, seed, first - start, admits)
    return { chosen: start + winner, home: start + champion }
  }
  const firstOf = (group: number): number => groups.members[group]?.places.findIndex(admits) ?? -1
  const among = contest(
    groups.field,
    weighs,
    seed,
    groups.groupOf[first - start] ?? 0,
    (group) => firstOf(group) !== -1,
  )
  const inside = (group: number): Contest => {
    const { field: own = NOBODY, places } = groups.members[group] ?? {}
    const placeOf = (member: number): number => places?.[member] ?? -1
    const { winner, champion } = contest(own, weighs, seed, firstOf(group), (member) => admits(placeOf(member)))
    return { winner: placeOf(winner), champion: placeOf(champion) }
  }
  const { winner, champion } = inside(among.winner)
  const home = among.champion === among.winner ? champion : inside(among.champion).champion
  return { chosen: start + winner, home: start + home }
}

const NOBODY: Field = { hashes: new Int32Array(), weights: new Float64Array(), greatestWeight: 1 }

interface Contest {
  /** The first that is admitted; -1 if none is. */
  readonly winner: number
  /** The first of all. */
  readonly champion: number
}

/**
 * Who is the first, where each arrives after a random time, exponentially distributed and on average the shorter the
 * greater its weight: then each is the first as often as its weight is part of the whole. The times come from hashes,
 * the sooner the greater the hash, and are worked out only for those that may be the first.
 *
 * @param admitted one that is admitted, so that hardly any other has to be asked about; -1 if none is
 */
function contest(
  { hashes, weights, greatestWeight }: Field,
  weighs: boolean,
  seed: number,
  admitted: number,
  admits: (index: number) => boolean,
): Contest {
  // Without weights a hash is as good as the time it stands for.
  const arrivalOf = (index: number, hash: number): number =>
    weighs ? timeOf(hash) / (weights[index] ?? 1) : HIGHEST - hash
  const leastFor = (arrival: number): number => (weighs ? hashFor(arrival * greatestWeight) : HIGHEST - arrival) | 0
  let winner = admitted
  let soonest = admitted === -1 ? Number.POSITIVE_INFINITY : arrivalOf(admitted, mix(hashes[admitted] ?? 0, seed))
  // Whoever is sooner has at least this hash.
  let least = admitted === -1 ? LOWEST : leastFor(soonest)
  let absent = -1
  let soonestAbsent = Number.POSITIVE_INFINITY
  let leastAbsent = LOWEST
  const lookAt = (from: number, to: number): void => {
    for (
      let index = next(least, hashes, seed, from, to);
      index !== -1;
      index = next(least, hashes, seed, index + 1, to)
    ) {
      const hash = mix(hashes[index] ?? 0, seed)
      const isAdmitted = admitted !== -1 && admits(index)
      if (!isAdmitted && hash < leastAbsent) continue
      const arrival = arrivalOf(index, hash)
      if (isAdmitted && arrival < soonest) {
        winner = index
        soonest = arrival
        least = leastFor(arrival)
      } else if (!isAdmitted && arrival < soonestAbsent) {
        absent = index
        soonestAbsent = arrival
        leastAbsent = leastFor(arrival)
      }
    }
  }
  // Before the one that is admitted there may be none: the others first, and few of those come into question.
  const middle = Math.max(0, admitted)
  lookAt(middle, hashes.length)
  lookAt(0, middle)
  return { winner, champion: soonestAbsent < soonest ? absent : winner }
}

/** The next with so great a hash; -1 if there is none. All that is done for each of thousands is in here. */
function next(least: number, hashes: Int32Array, seed: number, from: number, to: number): number {
  for (let index = from; index < to; index += 1) if (mix(hashes[index] ?? 0, seed) >= least) return index
  return -1
}

const LOWEST = -0x8000_0000
const HIGHEST = 0x7fff_ffff
const RANGE = 0x1_0000_0000

function timeOf(hash: number): number {
  return -Math.log1p((hash - HIGHEST - 0.5) / RANGE)
}

/** The other way round; a little less, since it must not be more. */
function hashFor(time: number): number {
  return Math.max(LOWEST, Math.floor(HIGHEST + RANGE * Math.expm1(-time)) - 1)
}
