import { describe, expect, it } from 'vitest'
import { Dice, mix, mixText } from './dice.ts'

function draw<T>(count: number, next: () => T): T[] {
  return Array.from({ length: count }, next)
}

function meanOf(numbers: readonly number[]): number {
  return numbers.reduce((sum, number) => sum + number, 0) / numbers.length
}

describe('the dice', () => {
  it('throw the same for the same seed, and something else for a neighbour', () => {
    const throws = (...seeds: number[]): number[] => {
      const dice = new Dice(...seeds)
      return draw(5, () => dice.next())
    }
    expect(throws(1, 2)).toEqual(throws(1, 2))
    expect(new Set([throws(1, 2), throws(2, 1), throws(1, 3), throws(1)].flat()).size).toBe(20)
  })

  it('are uniform from 0 to 1', () => {
    const dice = new Dice(7)
    const throws = draw(20_000, () => dice.next())
    expect(throws.every((value) => value >= 0 && value < 1)).toBe(true)
    const tenths = Map.groupBy(throws, (value) => Math.floor(value * 10))
    for (const each of tenths.values()) expect(each.length / throws.length).toBeCloseTo(0.1, 1)
    expect(meanOf(throws)).toBeCloseTo(0.5, 2)
  })

  it('are as uniform in the first throw of many neighbouring seeds', () => {
    const throws = draw(20_000, () => 0).map((_, seed) => new Dice(1, seed, 42).next())
    expect(meanOf(throws)).toBeCloseTo(0.5, 2)
  })

  it('scatter around a median, by as much as they are told', () => {
    const dice = new Dice(7)
    const throws = draw(20_001, () => dice.around(700, 0.35)).sort((a, b) => a - b)
    expect((throws[10_000] ?? 0) / 700).toBeCloseTo(1, 1)
    const logarithms = throws.map((value) => Math.log(value / 700))
    expect(Math.sqrt(meanOf(logarithms.map((value) => value ** 2)))).toBeCloseTo(0.35, 2)
    expect(dice.around(700, 0)).toBe(700)
  })

  it('give gaps of a mean length', () => {
    const dice = new Dice(7)
    expect(meanOf(draw(20_000, () => dice.gap(500))) / 500).toBeCloseTo(1, 1)
  })

  it('mix numbers and texts without regard to what they look like', () => {
    const names = ['openai:a', 'openai:b', 'a:openai', '']
    expect(new Set(names.map(mixText)).size).toBe(names.length)
    expect(mix(0)).not.toBe(mix(0, 0))
  })
})
