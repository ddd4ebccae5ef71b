import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { classifyFailure, type FailureReason } from './index.ts'

/** Labelled answers of real providers, most of them from public threads. */
interface Sample {
  readonly id: string
  readonly provider: string
  readonly status: number | null
  readonly headers: Readonly<Record<string, string>>
  readonly body: unknown
  readonly in_stream: boolean
  readonly expected: { readonly reason: FailureReason; readonly retry_after_ms: number | null }
  /** Experts could differ on the label. */
  readonly uncertain?: boolean
}

const samples = JSON.parse(
  readFileSync(new URL('./fixtures/provider-errors.json', import.meta.url), 'utf8'),
) as readonly Sample[]
const certain = samples.filter((sample) => sample.uncertain !== true)
const native = certain.filter(({ provider }) => /^(openai|anthropic|any)/.test(provider))

describe('labelled answers of providers', () => {
  it.each(native.map((sample) => [sample.id, sample] as const))(
    '%s has the reason and the hint on its label',
    (_id, sample) => {
      const failure = classify(sample)
      expect(failure.reason).toBe(sample.expected.reason)
      expect(isHintRight(failure.retryAfterMs, sample.expected.retry_after_ms)).toBe(true)
    },
  )

  it('classifies at least 94 % of all certain ones, whatever the provider, before any provider has a table', () => {
    const right = certain.filter((sample) => classify(sample).reason === sample.expected.reason)
    expect(right.length / certain.length).toBeGreaterThanOrEqual(0.94)
  })

  it('reads the right hint, or that there is none, from all certain ones', () => {
    const wrong = certain.filter(
      (sample) => !isHintRight(classify(sample).retryAfterMs, sample.expected.retry_after_ms),
    )
    expect(wrong.map(({ id }) => id)).toEqual([])
  })

  it('gives the same verdict whether the body comes parsed, as text or as bytes', () => {
    for (const sample of samples.filter(({ body }) => typeof body === 'object' && body !== null)) {
      const text = JSON.stringify(sample.body)
      const parsed = classify(sample)
      expect(classify({ ...sample, body: text }), sample.id).toEqual(parsed)
      expect(classify({ ...sample, body: new TextEncoder().encode(text) }), sample.id).toEqual(parsed)
    }
  })
})

function classify(sample: Sample) {
  const { provider, status, headers, body, in_stream: inStream } = sample
  return classifyFailure({ provider, status: status ?? undefined, headers, body, inStream })
}

/** Within 1 % or 1 s. */
function isHintRight(actual: number | undefined, expected: number | null): boolean {
  if (actual === undefined || expected === null) return (actual ?? null) === expected
  return Math.abs(actual - expected) <= Math.max(1_000, expected / 100)
}
