import { describe, expect, it } from 'vitest'
import { durationMs, formatDuration } from './duration.ts'

describe('a time as a scenario writes it', () => {
  it.each([
    [5, 300_000],
    [0.5, 30_000],
    ['5', 300_000],
    ['5m', 300_000],
    ['90s', 90_000],
    ['1h30m', 5_400_000],
    ['1m 30s', 90_000],
    ['250ms', 250],
    ['1.5h', 5_400_000],
    [0, 0],
  ])('%j is %d ms', (written, ms) => {
    expect(durationMs(written)).toBe(ms)
  })

  it.each([-1, Number.NaN, Number.POSITIVE_INFINITY, '', 'soon', '5 minutes', '5m later', '-5m', 'm'])(
    '%j is none',
    (written) => {
      expect(durationMs(written)).toBeUndefined()
    },
  )

  it.each([
    [84, '84ms'],
    [1_000, '1s'],
    [1_140, '1.1s'],
    [59_960, '1m'],
    [220_000, '3m40s'],
    [3_600_000, '1h'],
    [12_409_000, '3h26m49s'],
    [5_400_000, '1h30m'],
    [999.7, '1s'],
    [3_299_700, '55m'],
    [3_599_600, '1h'],
    [59_940, '59.9s'],
  ])('%d ms are shown as %s', (ms, text) => {
    expect(formatDuration(ms)).toBe(text)
  })
})
