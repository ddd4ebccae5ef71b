import { describe, expect, it } from 'vitest'
import { Incidents } from './incidents.ts'

describe('refused keys', () => {
  it('are bad where one alone is refused', () => {
    const incidents = new Incidents()
    expect(incidents.refused('o', 'a', 0)).toEqual({ kind: 'key' })
    expect(incidents.refused('o', 'a', 1_000)).toEqual({ kind: 'key' })
    expect(incidents.refused('elsewhere', 'b', 1_000)).toEqual({ kind: 'key' })
  })

  it('mean an incident where two of an origin are refused within ten seconds', () => {
    const incidents = new Incidents()
    incidents.refused('o', 'a', 0)
    expect(incidents.refused('o', 'b', 10_000)).toEqual({ kind: 'incident', condemned: ['a'] })
    expect(incidents.refused('o', 'c', 11_000)).toEqual({ kind: 'incident', condemned: [] })
  })

  it('mean none where they lie further apart', () => {
    const incidents = new Incidents()
    incidents.refused('o', 'a', 0)
    expect(incidents.refused('o', 'b', 10_001)).toEqual({ kind: 'key' })
  })

  it('are bad after all where another key is served meanwhile', () => {
    const incidents = new Incidents()
    for (const [index, profile] of ['a', 'b', 'c'].entries()) incidents.refused('o', profile, index * 100)
    expect(incidents.served('o', 'd', 300)).toEqual(['a', 'b', 'c'])
    expect(incidents.refused('o', 'e', 400)).toEqual({ kind: 'key' })
  })

  it('are not condemned by a success that was under way before them', () => {
    const incidents = new Incidents()
    incidents.refused('o', 'a', 1_000)
    incidents.refused('o', 'b', 1_100)
    expect(incidents.served('o', 'd', 900)).toEqual([])
    expect(incidents.refused('o', 'c', 1_200)).toEqual({ kind: 'incident', condemned: [] })
  })

  it('are not condemned by the end of the incident: one of them is served again', () => {
    const incidents = new Incidents()
    incidents.refused('o', 'a', 0)
    incidents.refused('o', 'b', 100)
    expect(incidents.served('o', 'a', 2_000)).toEqual([])
    expect(incidents.isQuiet).toBe(true)
  })
})
