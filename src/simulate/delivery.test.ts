import { describe, expect, it } from 'vitest'
import { Delivery } from './delivery.ts'

/** Half of an answer that takes a second, which then breaks off. */
function half(): Delivery {
  const delivery = new Delivery()
  delivery.read({ beganAt: 0, endedAt: 500, restMs: 1_000, resume: undefined })
  delivery.broke(500)
  return delivery
}

describe('how far an answer has come', () => {
  it('is how long it has been read, of all the time that it takes', () => {
    const delivery = half()
    expect(delivery).toMatchObject({ share: 0.5, breaks: 1, waitedMs: 0 })
    const whole = new Delivery()
    whole.read({ beganAt: 10, endedAt: 10, restMs: 0, resume: undefined })
    expect(whole).toMatchObject({ share: 1, breaks: 0, waitedMs: 0 })
  })

  it('goes on from there with a prefill', () => {
    const delivery = half()
    delivery.read({ beganAt: 700, endedAt: 950, restMs: 500, resume: 'prefill' })
    expect(delivery).toMatchObject({ share: 0.75, waitedMs: 200 })
  })

  it('gets no further before all has been said once more that had been said', () => {
    const delivery = half()
    delivery.read({ beganAt: 700, endedAt: 1_100, restMs: 1_000, resume: 'restart' })
    delivery.broke(1_100)
    expect(delivery).toMatchObject({ share: 0.5, breaks: 2, waitedMs: 0 })
    delivery.read({ beganAt: 1_200, endedAt: 2_200, restMs: 1_000, resume: 'restart' })
    // Since it first broke off.
    expect(delivery).toMatchObject({ share: 1, waitedMs: 1_200 })
  })
})
