import { formatDuration } from './duration.ts'
import { countSpells, type Scenario } from './scenario.ts'

/** More would take minutes and gigabytes. */
const MAX_REQUESTS = 500_000
/** Of one fault that comes and goes. */
const MAX_SPELLS = 10_000

/** Something of which a scenario has more than can be played. */
export interface Excess {
  /** Where in its file that is said. */
  readonly path: readonly (string | number)[]
  readonly message: string
}

export function excessesOf({ traffic: { perSecond, minutes }, faults }: Scenario): Excess[] {
  const lastsMs = minutes * 60_000
  const requests = perSecond * minutes * 60
  const lasting = formatDuration(lastsMs)
  return [
    ...(requests > MAX_REQUESTS
      ? [
          {
            path: ['traffic'],
            message: `${readable(requests)} requests (${readable(perSecond)} a second for ${lasting}) are too many; at most ${readable(MAX_REQUESTS)} are played, so ask for fewer a second or for a shorter time`,
          },
        ]
      : []),
    ...faults.flatMap((fault, index) => {
      const spells = countSpells(fault, lastsMs)
      if (spells <= MAX_SPELLS) return []
      const message = `it comes ${readable(spells)} times within ${lasting}, which is too often; at most ${readable(MAX_SPELLS)} times are played, so let every be longer, or it end sooner`
      return [{ path: ['faults', index, 'every'], message }]
    }),
  ]
}

function readable(count: number): string {
  return count.toLocaleString('en-US', { maximumFractionDigits: 2 })
}
