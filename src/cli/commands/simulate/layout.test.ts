import { describe, expect, it } from 'vitest'
import { layoutFor, toWidth, wrap } from './layout.ts'

describe('the layout of a report', () => {
  it.each([
    { width: undefined, whole: 80, columns: 49 },
    { width: 0, whole: 80, columns: 49 },
    { width: 60, whole: 60, columns: 36 },
    { width: 120, whole: 120, columns: 60 },
    { width: 10, whole: 40, columns: 21 },
  ])('fits into a line of $width characters', ({ width, whole, columns }) => {
    const layout = layoutFor(width)
    expect(layout).toMatchObject({ width: whole, columns })
    expect(layout.labelWidth + layout.columns + 5).toBeLessThanOrEqual(whole)
  })

  it('cuts a label in its middle, so that the reason at its end stays', () => {
    expect(toWidth('api.openai.com gpt-5: overloaded', 20)).toBe('api.opena…overloaded')
    expect(toWidth('short', 8)).toBe('short   ')
    expect(toWidth('12345678', 8)).toBe('12345678')
  })

  it('breaks a text between its words, and no word', () => {
    expect(wrap('targets: a/b@c, d/e@f, a-very-long-name@x', 16, 2)).toEqual([
      'targets: a/b@c,',
      '  d/e@f,',
      '  a-very-long-name@x',
    ])
    expect(wrap('', 16, 2)).toEqual([''])
  })
})
