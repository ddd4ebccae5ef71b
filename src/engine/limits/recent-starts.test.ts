import { expect, it } from 'vitest'
import { RecentStarts } from './recent-starts.ts'

const START = 1_767_225_600_000

it('counts what began in the last minute, to a slot of ten seconds', () => {
  const recent = new RecentStarts()
  for (let second = 0; second < 180; second += 1) recent.add(START + second * 1_000)
  const now = START + 179_500
  for (const seconds of [60, 35, 15, 5])
    expect(Math.abs(recent.since(now - seconds * 1_000, now) - seconds)).toBeLessThanOrEqual(1)
  expect(recent.since(now + 120_000 - 60_000, now + 120_000)).toBe(0)
})

it('takes back what came to nothing, while it counts', () => {
  const recent = new RecentStarts()
  recent.add(START)
  recent.add(START + 30_000)
  recent.remove(START + 30_000, START + 31_000)
  expect(recent.since(START, START + 31_000)).toBe(1)
  recent.remove(START, START + 200_000)
  recent.remove(START + 200_000, START + 200_000)
  expect(recent.since(START + 150_000, START + 200_000)).toBe(0)
})

it('tells a rush from a minute that was busy all through', () => {
  const recent = new RecentStarts()
  for (let index = 0; index < 50; index += 1) recent.add(START + index * 100)
  expect(recent.spanAMinute(START + 5_000)).toBe(false)
  expect(recent.spanAMinute(START + 60_000)).toBe(true)
  expect(recent.spanAMinute(START + 90_000)).toBe(false)
})
