import { settle } from '../engine/index.ts'

/**
 * Events out of a generator, except that `return` works at once. A generator's own waits until a pending `next` is
 * done, which for a silent server is never; and before the first `next` it would not run any clean-up.
 */
export function cancelable<T>(
  generate: (isCanceled: () => boolean) => AsyncGenerator<T, void>,
  cancel: () => void,
): AsyncIterableIterator<T, undefined> {
  let wasCanceled = false
  const done = { done: true, value: undefined } as const
  const events = generate(() => wasCanceled)
  return {
    async next() {
      if (wasCanceled) return done
      const item = await events.next()
      if (!item.done) return item
      await connectionFreed()
      return done
    },
    async return() {
      wasCanceled = true
      cancel()
      return done
    },
    [Symbol.asyncIterator]() {
      return this
    },
  }
}

/**
 * undici gives a connection free one turn after its answer ended; who asks again within the same turn, as a failover
 * does, would open another one.
 */
export function connectionFreed(): Promise<void> {
  return settle()
}
