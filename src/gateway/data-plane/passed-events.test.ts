import { describe, expect, it } from 'vitest'
import type { DialectTrail } from '../../dialects/index.ts'
import { Diverged, type ResumeMode } from '../../recovery/index.ts'
import { VirtualClock } from '../../testing/virtual-clock.ts'
import { SecretMask } from '../../upstream/secret-mask.ts'
import { PassedEvents } from './passed-events.ts'

type Taking = (event: object, out: object[]) => void

/** A trail that does what it is told, and holds what it does not give out. */
class ToldTrail implements DialectTrail {
  readonly isFinished = false
  readonly resumed: ResumeMode[] = []
  readonly disarmedBy = undefined
  readonly isPastSeam = true
  readonly prefill = undefined
  passesFamiliar = true
  isHolding = false
  #taking: Taking = (event, out) => out.push(event)

  on(taking: Taking): void {
    this.#taking = taking
  }

  take(event: object, out: object[]): void {
    this.#taking(event, out)
  }

  finish(out: object[]): void {
    out.push({ rest: true })
  }

  release(out: object[]): void {
    this.isHolding = false
    out.push({ released: true })
  }

  resume(mode: ResumeMode): void {
    this.resumed.push(mode)
  }

  noteFamiliar(): void {}
}

class Passing {
  readonly clock = new VirtualClock()
  readonly trail = new ToldTrail()
  readonly passed: PassedEvents

  constructor(resume?: ResumeMode) {
    const { clock, trail } = this
    this.passed = new PassedEvents({
      continuation: { encode: (event) => `${JSON.stringify(event)}\n` },
      trail,
      recovers: true,
      resume,
      mask: new SecretMask([]),
      clock,
    })
  }

  take(event: object, text: string): readonly object[] {
    const bytes = Buffer.from(`<${text}>`)
    const given = [...this.passed.take(event, bytes, 1, bytes.length - 1, true)]
    bytes.fill('!')
    return given
  }

  get written(): string {
    return this.passed.takeBytes().toString()
  }
}

describe('what of a stream goes on', () => {
  const [a, b, c] = [{ a: 1 }, { b: 2 }, { c: 3 }]

  it('are the bytes that came, or others where an event had to be changed', () => {
    const passing = new Passing()
    const bytes = Buffer.from('one two ')
    expect(passing.passed.take(a, bytes, 0, 4, true)).toEqual([a])
    passing.trail.on((_, out) => out.push(c))
    expect(passing.passed.take(b, bytes, 4, 8, true)).toEqual([c])
    expect(passing.written).toBe('one {"c":3}\n')
    passing.trail.on(() => {})
    expect(passing.passed.take(b, bytes, 4, 8, true)).toEqual([])
    expect(passing.passed.isEmpty).toBe(true)
  })

  it('are the bytes that came also of what was held, which are kept as copies', async () => {
    const passing = new Passing()
    const { clock, passed, trail } = passing
    trail.isHolding = true
    trail.on(() => {})
    const heldAt = clock.now()
    expect(passing.take(a, 'one ')).toEqual([])
    await clock.advance(10)
    expect(passing.take(b, 'two ')).toEqual([])
    expect(passed.heldSince).toBe(heldAt)
    expect(passed.takeCallPassed()).toBe(false)
    trail.on((event, out) => {
      trail.isHolding = false
      out.push(a, b, event)
    })
    passed.take(c, Buffer.from('three'), 0, 5, true)
    expect(passed.takeBytes().toString()).toBe('one two three')
    expect(passed.heldSince).toBeUndefined()
    expect([passed.takeCallPassed(), passed.takeCallPassed()]).toEqual([true, false])
  })

  it('is given out where more than a megabyte of it is held, whatever it says', () => {
    const passing = new Passing()
    passing.trail.isHolding = true
    passing.trail.on(() => {})
    expect(passing.take(a, 'x'.repeat(1024 * 1024))).toEqual([])
    expect(passing.take(b, 'x')).toEqual([{ released: true }])
    expect(passing.passed.heldSince).toBeUndefined()
  })

  it('counts as delivered, also where a difference is found behind it', () => {
    const passing = new Passing()
    passing.trail.on((_, out) => {
      out.push(c)
      throw new Diverged(1)
    })
    expect(() => passing.take(a, 'one')).toThrow(Diverged)
    expect(passing.written).toBe('{"c":3}\n')
  })

  it('is nothing of a stream that goes on with another before that one is done', () => {
    const passing = new Passing('prefill')
    const bytes = Buffer.from('one two ')
    expect(passing.passed.take(a, bytes, 0, 4, true)).toEqual([])
    expect(passing.trail.resumed).toEqual([])
    expect(passing.passed.isEmpty).toBe(true)
    passing.passed.begin()
    expect(passing.trail.resumed).toEqual(['prefill'])
    expect(passing.passed.take(b, bytes, 4, 8, true)).toEqual([b])
    expect(passing.passed.passesFamiliar).toBe(false)
    expect(passing.written).toBe('one two ')
    passing.passed.begin()
    expect(passing.trail.resumed).toEqual(['prefill'])
  })

  it('has what was held back before its end', () => {
    const passing = new Passing()
    passing.passed.finish()
    passing.passed.passText('end')
    expect(passing.written).toBe('{"rest":true}\nend')
  })
})
