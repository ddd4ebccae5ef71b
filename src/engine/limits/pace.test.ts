import { expect, it } from 'vitest'
import { Pace } from './pace.ts'

const RATE = 1 / 1_000

it('opens with one request and spreads the others evenly', () => {
  const pace = new Pace(5_000)
  expect(pace.nextAt(0, RATE, 1)).toBe(5_000)
  pace.take(5_000, RATE, 1)
  expect(pace.nextAt(5_000, RATE, 1)).toBe(6_000)
  expect(pace.nextAt(5_600, RATE, 1)).toBe(6_000)
  expect(pace.nextAt(6_000, RATE, 1)).toBe(6_000)
})

it('makes up for timers that are late, and for nothing else', () => {
  const pace = new Pace(0)
  for (let index = 0; index < 10; index += 1) pace.take(index * 1_000 + 10, RATE, 1)
  expect(pace.nextAt(9_010, RATE, 1)).toBe(10_000)
  pace.take(60_000, RATE, 1)
  expect(pace.nextAt(60_000, RATE, 1)).toBeGreaterThanOrEqual(60_975)
})

it('lets an idle key have its burst, and tells what was allowed in vain', () => {
  const pace = new Pace(0)
  expect(pace.take(0, RATE, 3)).toEqual({ unused: 0, isPrompt: true })
  expect(pace.take(10_000, RATE, 3)).toEqual({ unused: 7, isPrompt: false })
  pace.take(10_000, RATE, 3)
  expect(pace.nextAt(10_000, RATE, 3)).toBe(10_000)
  pace.take(10_000, RATE, 3)
  expect(pace.nextAt(10_000, RATE, 3)).toBe(11_000)
})

it('keeps a pause whatever has been saved up', () => {
  const pace = new Pace(0)
  pace.pauseUntil(500)
  expect(pace.nextAt(100, RATE, 10)).toBe(500)
})

it('goes by the rate of the moment', () => {
  const pace = new Pace(0)
  pace.take(0, RATE, 1)
  expect(pace.nextAt(0, RATE / 2, 1)).toBe(2_000)
  expect(pace.nextAt(0, RATE * 2, 1)).toBe(500)
})
