/** The limit a provider keeps for one key. Times are epoch milliseconds. */
export interface ProviderLimit {
  /** Takes a request in, or refuses it. */
  admit(now: number): boolean
  /** What a refusal would say about when to come back, milliseconds; whole seconds, as most providers say it. */
  retryAfterMs(now: number): number
}

/** Refills evenly; lets through bursts of up to `capacity`. Full at the beginning. */
export function tokenBucket(perMinute: number, capacity: number): ProviderLimit {
  let level = capacity
  let at = Number.NEGATIVE_INFINITY
  const refill = (now: number): void => {
    if (now > at) level = Math.min(capacity, level + ((now - at) * perMinute) / 60_000)
    at = Math.max(at, now)
  }
  return {
    admit(now) {
      refill(now)
      // What is missing to a whole one by rounding alone is not missing.
      if (level < 1 - 1e-9) return false
      level -= 1
      return true
    },
    retryAfterMs(now) {
      refill(now)
      return wholeSeconds(((1 - level) * 60_000) / perMinute)
    },
  }
}

/** So many in each minute of the clock. */
export function fixedWindow(perMinute: number): ProviderLimit {
  let minute = Number.NEGATIVE_INFINITY
  let used = 0
  return {
    admit(now) {
      const current = Math.floor(now / 60_000)
      if (current !== minute) {
        minute = current
        used = 0
      }
      if (used >= perMinute) return false
      used += 1
      return true
    },
    retryAfterMs: (now) => wholeSeconds(60_000 - (now % 60_000)),
  }
}

/** One limit, and some time after its first request another. */
export function changing(from: ProviderLimit, afterMs: number, to: ProviderLimit): ProviderLimit {
  let changesAt: number | undefined
  const current = (now: number): ProviderLimit => {
    changesAt ??= now + afterMs
    return now < changesAt ? from : to
  }
  return {
    admit: (now) => current(now).admit(now),
    retryAfterMs: (now) => current(now).retryAfterMs(now),
  }
}

function wholeSeconds(ms: number): number {
  return Math.max(1, Math.ceil(ms / 1_000)) * 1_000
}
