import type { JsonPath } from './request-format.ts'

/** What is to be cut out of a value: all of it, or something of what it holds. */
export type Cut = 'all' | Cuts
type Cuts = Map<string | number, Cut>

/** Gathers paths by what they have in common. */
export function cutOf(paths: readonly JsonPath[]): Cut {
  const cuts: Cuts = new Map()
  for (const path of paths) addPath(cuts, path)
  return cuts
}

function addPath(cuts: Cuts, [step, ...rest]: JsonPath): void {
  if (step === undefined) return
  const known = cuts.get(step)
  if (known === 'all') return
  if (rest.length === 0) {
    cuts.set(step, 'all')
    return
  }
  const inner: Cuts = known ?? new Map()
  addPath(inner, rest)
  cuts.set(step, inner)
}

/** The value without what the cut names. What it holds elsewhere is the very same; the value itself is not changed. */
export function withoutPaths(value: unknown, cut: Cut): unknown {
  if (cut === 'all') return undefined
  if (Array.isArray(value)) {
    return value.flatMap((item, index) => {
      const inner = cut.get(index)
      if (inner === undefined) return [item]
      return inner === 'all' ? [] : [withoutPaths(item, inner)]
    })
  }
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, item]) => {
      const inner = cut.get(key)
      if (inner === undefined) return [[key, item]]
      return inner === 'all' ? [] : [[key, withoutPaths(item, inner)]]
    }),
  )
}
