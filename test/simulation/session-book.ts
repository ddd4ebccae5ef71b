import type { KnownTarget } from './mirror.ts'

/** A session that had to move stays for at least this long. */
const STAY_MS = 300_000

interface Seat {
  /** Among whom it was chosen. */
  readonly tier: string
  /** Where it is served when everything is open. */
  readonly home: string | undefined
  /** When something was out at last, so that it may have had to move. */
  readonly disturbedAt: number
}

/** Where the requests of each session were served. */
export class SessionBook {
  readonly #seats = new Map<string, Seat>()

  /**
   * A request of a session has been given a target.
   * @param session with the model it asks for
   * @param isTierOpen nothing stands against any of those that it could have been
   * @returns the profile at home, if that is known and was left without need
   */
  seated(
    session: string,
    tier: readonly KnownTarget[],
    { profile }: KnownTarget,
    isTierOpen: boolean,
    now: number,
  ): string | undefined {
    const names = tier.map((each) => each.profile.options.id).join()
    const known = this.#seats.get(session)
    const disturbedAt = known === undefined ? Number.NEGATIVE_INFINITY : now
    const seat = known?.tier === names ? known : { tier: names, home: undefined, disturbedAt }
    const isQuiet = isTierOpen && now - seat.disturbedAt > STAY_MS
    const { id } = profile.options
    const home = isQuiet ? (seat.home ?? id) : seat.home
    this.#seats.set(session, { tier: names, home, disturbedAt: isTierOpen ? seat.disturbedAt : now })
    return isQuiet && home !== id ? home : undefined
  }

  /** Things have changed; nobody knows where whom to expect. */
  forget(): void {
    this.#seats.clear()
  }
}
