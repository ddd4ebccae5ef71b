/**
 * Time, handed in. The only file of the package that reads the real clock or starts a real timer, so that everything
 * else runs on a virtual one in tests and simulations.
 */
export interface Clock {
  /** Epoch milliseconds. */
  now(): number
  /** Resolves after `ms`; rejects with the signal's reason as soon as it aborts. Leaves no timer or listener behind. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>
  /**
   * Calls back once after `ms`; the function it returns cancels that and may be called at any time.
   * @param options `isBackground`: it must not keep the process alive. A clock may ignore it.
   */
  setTimer(callback: () => void, ms: number, options?: { readonly isBackground?: boolean }): () => void
}

/** Uniform in [0, 1), as `Math.random`. */
export type Random = () => number

/** The longest delay a Node.js timer takes; a longer one would fire at once. */
const MAX_TIMER_MS = 2_147_483_647

export const systemClock: Clock = {
  now: () => Date.now(),
  setTimer(callback, ms, options) {
    if (ms > MAX_TIMER_MS) {
      let cancel = systemClock.setTimer(
        () => {
          cancel = systemClock.setTimer(callback, ms - MAX_TIMER_MS, options)
        },
        MAX_TIMER_MS,
        options,
      )
      return () => cancel()
    }
    const timer = setTimeout(callback, Math.max(0, ms))
    if (options?.isBackground) timer.unref()
    return () => clearTimeout(timer)
  },
  sleep(ms, signal) {
    return sleepOn(systemClock, ms, signal)
  },
}

export const systemRandom: Random = () => Math.random()

/**
 * A clock whose time never runs backwards: when the wall clock is set back, it goes on from where it was. Otherwise a
 * window of two seconds would last an hour longer.
 */
export function forwardOnly(clock: Clock): Clock {
  let latest = Number.NEGATIVE_INFINITY
  let offsetMs = 0
  return {
    now() {
      const now = clock.now()
      if (now + offsetMs < latest) offsetMs = latest - now
      latest = now + offsetMs
      return latest
    },
    setTimer: (callback, ms, options) => clock.setTimer(callback, ms, options),
    sleep: (ms, signal) => clock.sleep(ms, signal),
  }
}

/** `sleep` for a clock that has timers. */
export function sleepOn(clock: Clock, ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) {
      reject(signal.reason)
      return
    }
    const onAbort = (): void => {
      cancel()
      reject(signal?.reason)
    }
    const cancel = clock.setTimer(() => {
      signal?.removeEventListener('abort', onAbort)
      resolve()
    }, ms)
    signal?.addEventListener('abort', onAbort, { once: true })
  })
}

/** Lets everything that is ready run (promise reactions included) before it resolves; takes no measurable time. */
export function settle(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve)
  })
}

/**
 * The same where nothing but promises is ready to run: it resolves when no reaction is left, without a turn of the event
 * loop. Node.js runs a `nextTick` only once its queue of promise reactions is empty.
 */
export function settlePromises(): Promise<void> {
  return new Promise((resolve) => {
    process.nextTick(resolve)
  })
}
