import type { Clock } from './clock.ts'

/** Requests that the same targets can serve, in the order in which they came. */
type Cohort = Set<Ticket>

/** A request's place among those that wait, from its first wait until it is served or gives up. */
export interface Ticket {
  /**
   * Waits until its turn: the first of its cohort until `until` or until something has changed, the others until those
   * before them have gone; nobody longer than `patienceUntil`. Epoch milliseconds. Rejects when the signal aborts.
   */
  wait(until: number, patienceUntil: number, signal: AbortSignal): Promise<void>
  /** It does not wait any more: the next one's turn has come. */
  leave(): void
}

/**
 * Requests that wait for something to open. Those that the same targets can serve are a cohort, and only its first is
 * woken: what it does not find the others do not find either, and when it goes it wakes the next. So whoever waits
 * longest is served first, and a change costs the same however many wait.
 */
export class WaitingRoom {
  readonly #clock: Clock
  readonly #maxQueued: number
  readonly #cohorts = new Map<unknown, Map<string, Cohort>>()
  readonly #queued = new Map<string, number>()

  /** @param maxQueued requests that may wait at the same time for one route or model */
  constructor(clock: Clock, maxQueued: number) {
    this.#clock = clock
    this.#maxQueued = maxQueued
  }

  hasRoom(queue: string): boolean {
    return (this.#queued.get(queue) ?? 0) < this.#maxQueued
  }

  /**
   * @param queue the route or model it waits for
   * @param needs the same for requests that the same targets can serve …
   * @param door … where they come through the same door
   */
  enter(queue: string, needs: unknown, door: string): Ticket {
    this.#queued.set(queue, (this.#queued.get(queue) ?? 0) + 1)
    const cohorts = this.#cohorts.get(needs) ?? new Map<string, Cohort>()
    const tickets = cohorts.get(door) ?? new Set<Ticket>()
    this.#cohorts.set(needs, cohorts.set(door, tickets))
    const place = new Place(this.#clock, tickets, () => {
      const left = (this.#queued.get(queue) ?? 1) - 1
      if (left > 0) this.#queued.set(queue, left)
      else this.#queued.delete(queue)
      if (tickets.size === 0 && cohorts.get(door) === tickets) cohorts.delete(door)
      if (cohorts.size === 0 && this.#cohorts.get(needs) === cohorts) this.#cohorts.delete(needs)
    })
    tickets.add(place)
    return place
  }

  /** Something may have opened. */
  wakeAll(): void {
    for (const cohorts of this.#cohorts.values()) for (const [first] of cohorts.values()) wake(first)
  }
}

class Place implements Ticket {
  readonly #clock: Clock
  readonly #cohort: Cohort
  readonly #onLeft: () => void
  #wake: (() => void) | undefined

  constructor(clock: Clock, cohort: Cohort, onLeft: () => void) {
    this.#clock = clock
    this.#cohort = cohort
    this.#onLeft = onLeft
  }

  wait(until: number, patienceUntil: number, signal: AbortSignal): Promise<void> {
    const [first] = this.#cohort
    const at = first === this ? Math.min(until, patienceUntil) : patienceUntil
    return new Promise((resolve, reject) => {
      const end = (finish: () => void): void => {
        this.#wake = undefined
        cancelTimer()
        signal.removeEventListener('abort', onAbort)
        finish()
      }
      const onAbort = (): void => end(() => reject(signal.reason))
      this.#wake = () => end(resolve)
      const cancelTimer = this.#clock.setTimer(() => this.#wake?.(), at - this.#clock.now())
      signal.addEventListener('abort', onAbort, { once: true })
      if (signal.aborted) onAbort()
    })
  }

  wake(): void {
    this.#wake?.()
  }

  leave(): void {
    const [first] = this.#cohort
    if (!this.#cohort.delete(this)) return
    this.#onLeft()
    const [next] = this.#cohort
    if (first === this) wake(next)
  }
}

function wake(ticket: Ticket | undefined): void {
  if (ticket instanceof Place) ticket.wake()
}
