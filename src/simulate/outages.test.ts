import { describe, expect, it } from 'vitest'
import { OutageBook } from './outages.ts'

const START = 1_000_000
const SCOPE = { scope: 'model', key: 'https://a gpt-5', kind: 'breaker' } as const

function started(at: number, until: number) {
  const what = { type: 'cooldown_started', ...SCOPE, reason: 'server_error', end: 'inferred', rung: 0 } as const
  return { ...what, at: START + at, until: START + until }
}

function ended(at: number) {
  return { type: 'cooldown_ended', ...SCOPE, by: 'success', at: START + at } as const
}

function skipped(at: number, requestId: string, kind: 'limited' | 'on_trial') {
  const cause =
    kind === 'limited'
      ? ({ kind, limit: 'requestsPerMinute' } as const)
      : ({ kind, scope: 'model', reason: 'server_error' } as const)
  const target = { provider: 'p', model: 'm', profile: 'p:a' }
  return { type: 'target_skipped', at: START + at, requestId, target, cause } as const
}

describe('the book of what was out', () => {
  it('has a window from its beginning to its end, and the proof that came later', () => {
    const book = new OutageBook(START)
    for (const event of [started(100, 1_100), ended(1_300), ended(2_000)]) book.hear(event)
    expect(book.list()).toEqual([
      {
        scope: 'model',
        key: 'https://a gpt-5',
        windows: [
          { kind: 'breaker', reason: 'server_error', end: 'inferred', fromMs: 100, untilMs: 1_100, provenMs: 1_300 },
        ],
      },
    ])
  })

  it('ends a window early where a success or another window does', () => {
    const book = new OutageBook(START)
    for (const event of [started(0, 1_000), started(400, 5_000), ended(700)]) book.hear(event)
    const [outage] = book.list()
    expect(outage?.windows.map(({ fromMs, untilMs, provenMs }) => [fromMs, untilMs, provenMs])).toEqual([
      [0, 400, undefined],
      [400, 700, 700],
    ])
  })

  it('counts each request once that passes a full target over', () => {
    const book = new OutageBook(START)
    const events = [skipped(1, 'r1', 'limited'), skipped(5, 'r1', 'limited'), skipped(9, 'r2', 'limited')]
    for (const event of [...events, skipped(10, 'r3', 'on_trial')]) book.hear(event)
    expect(book.fullAt('p/m@p:a')).toEqual([1, 9])
    expect(book.fullAt('p/m@p:b')).toEqual([])
  })
})
