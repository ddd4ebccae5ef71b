import { describe, expect, it } from 'vitest'
import { Profile } from '../profile.ts'
import { ProfileHealth } from './profile-health.ts'
import { NO_SLOT, Tallies } from './tallies.ts'

const NOTHING = { at: 0, tokens: 0 }

describe('Tallies', () => {
  it('counts what is under way and in which order profiles were used, for as many as there are', () => {
    const tallies = new Tallies()
    const healths = Array.from({ length: 100 }, (_, index) => healthOf(`openai:${index}`, tallies))
    const reservations = healths.map((health) => health.begin(0))
    healths[3]?.begin(0)
    healths[7]?.end(reservations[7] ?? NOTHING, undefined, 0)
    const slots = healths.map(({ slot }) => slot)
    expect(new Set(slots).size).toBe(100)
    expect(slots.map((slot) => tallies.inFlight[slot])).toEqual(
      slots.map((_, index) => (index === 3 ? 2 : index === 7 ? 0 : 1)),
    )
    const latest = slots.toSorted((a, b) => (tallies.latestUse[b] ?? 0) - (tallies.latestUse[a] ?? 0))
    expect(latest.slice(0, 2)).toEqual([slots[3], slots[99]])
  })

  it('gives the slot of a profile that is gone to another only when nothing of it is under way', () => {
    const tallies = new Tallies()
    const gone = healthOf('openai:gone', tallies)
    const { slot } = gone
    const first = gone.begin(0)
    gone.retire()
    const next = healthOf('openai:next', tallies)
    expect(next.slot).not.toBe(slot)
    gone.end(first, undefined, 0)
    expect(gone.slot).toBe(NO_SLOT)
    const later = healthOf('openai:later', tallies)
    expect([later.slot, tallies.inFlight[later.slot], tallies.latestUse[later.slot]]).toEqual([slot, 0, 0])
    // A stray attempt with what is gone disturbs nobody.
    gone.end(gone.begin(0), undefined, 0)
    expect(tallies.inFlight[slot]).toBe(0)
  })
})

function healthOf(id: string, tallies: Tallies): ProfileHealth {
  return new ProfileHealth(new Profile({ id }), tallies)
}
