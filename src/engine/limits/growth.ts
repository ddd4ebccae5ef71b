/** How the allowed rate goes on from the last refusal. Rates are requests per millisecond. */
export interface Growth {
  /** What is allowed right after it. */
  readonly from: number
  /** What seems to be the limit. */
  readonly ceiling: number
  /** How certain that is, more than 0 and at most 1: what is uncertain is found out faster. */
  readonly certainty: number
}

/** From there to the ceiling, where it is certain: such a limit is then refused about once in 5 minutes. */
const SHORTEST_MS = 240_000
const LONGEST_MS = 600_000
/** A limit that lets through less in that time is tried less often: one refusal in so many requests and more. */
const REQUESTS_BETWEEN_REFUSALS = 120
/** How much is added beyond the ceiling when it was reached that long ago. */
const BEYOND_RATIO = 0.04
/** What is uncertain is tried up to so many times the ceiling soon; more than that takes until nothing has been refused for long. */
const MOST_BEYOND = 4
/** Nothing refused for twice that time: the limit has been raised, or is gone. From then on four doublings each time. */
const DOUBLINGS = 4

/**
 * The additive increase, in the shape of TCP's CUBIC (RFC 9438): quickly back towards the ceiling, slowly around it,
 * where the limit probably is and every step too far is a refusal, and ever faster beyond it.
 */
export function grown({ from, ceiling, certainty }: Growth, elapsedMs: number): number {
  const fullMs = Math.min(LONGEST_MS, Math.max(SHORTEST_MS, REQUESTS_BETWEEN_REFUSALS / ceiling))
  const progress = elapsedMs / (fullMs * certainty)
  if (progress < 1) return ceiling - (ceiling - from) * (1 - progress) ** 3
  const doublings = DOUBLINGS * Math.max(0, elapsedMs / fullMs - 2)
  return ceiling * Math.min(MOST_BEYOND, (1 + BEYOND_RATIO) ** (certainty * (progress - 1) ** 3)) * 2 ** doublings
}
