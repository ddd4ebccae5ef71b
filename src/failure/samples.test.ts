import { describe, expect, it } from 'vitest'
import {
  classifyAnswer,
  isHintRight,
  isReasonRight,
  isStepAllowed,
  type LabelledAnswer,
  labelledAnswers,
} from '../../test/support/labelled-answers.ts'
import { classifyFailure } from './index.ts'

const certain = labelledAnswers.filter(({ uncertain }) => uncertain !== true)

const shareOf = (answers: readonly LabelledAnswer[], isRight: (answer: LabelledAnswer) => boolean): number =>
  answers.filter(isRight).length / answers.length

describe('labelled answers of providers', () => {
  it.each(certain.map((answer) => [answer.id, answer] as const))(
    '%s has the reason and the hint on its label',
    (_id, answer) => {
      const failure = classifyAnswer(answer)
      expect(failure.reason).toBe(answer.expected.reason)
      expect(isHintRight(answer, failure.retryAfterMs)).toBe(true)
    },
  )

  it('have the right reason in at least 99 % of the certain ones and 95 % of all', () => {
    const isRight = (answer: LabelledAnswer): boolean => isReasonRight(answer, classifyAnswer(answer).reason)
    expect(shareOf(certain, isRight)).toBeGreaterThanOrEqual(0.99)
    expect(shareOf(labelledAnswers, isRight)).toBeGreaterThanOrEqual(0.95)
  })

  it('have an allowed next step in at least 95 %', () => {
    const isRight = (answer: LabelledAnswer): boolean => isStepAllowed(answer, classifyAnswer(answer).nextStep)
    expect(shareOf(labelledAnswers, isRight)).toBeGreaterThanOrEqual(0.95)
  })

  it('have every hint right, and none where none was given', () => {
    const wrong = labelledAnswers.filter((answer) => !isHintRight(answer, classifyAnswer(answer).retryAfterMs))
    expect(wrong.map(({ id }) => id)).toEqual([])
  })

  it('mean the same whether the body comes parsed, as text or as bytes, and whatever its white space', () => {
    for (const answer of labelledAnswers.filter(({ body }) => typeof body === 'object' && body !== null)) {
      const parsed = classifyAnswer(answer)
      for (const text of [
        JSON.stringify(answer.body),
        JSON.stringify(answer.body, null, 2),
        ` \n${JSON.stringify(answer.body, null, '\t')}\r\n`,
      ]) {
        expect(classifyAnswer({ ...answer, body: text }), answer.id).toEqual(parsed)
        expect(classifyAnswer({ ...answer, body: new TextEncoder().encode(text) }), answer.id).toEqual(parsed)
      }
    }
  })

  it('mean the same whatever the order of their fields', () => {
    for (const answer of labelledAnswers) {
      expect(classifyAnswer({ ...answer, body: reversed(answer.body) }), answer.id).toEqual(classifyAnswer(answer))
    }
  })

  it('mean the same in upper-case headers', () => {
    for (const answer of labelledAnswers) {
      const headers = Object.fromEntries(
        Object.entries(answer.headers).map(([name, value]) => [name.toUpperCase(), value]),
      )
      expect(classifyAnswer({ ...answer, headers }), answer.id).toEqual(classifyAnswer(answer))
    }
  })

  it('mean the same through an error as SDKs throw it: with status, headers and body', () => {
    for (const answer of labelledAnswers.filter(
      ({ status, body }) => (status ?? 0) >= 400 && typeof body === 'object',
    )) {
      const { status, headers, body, provider } = answer
      const error = Object.assign(new Error(`${status} status code (no body)`), { status, headers, error: body })
      const { reason, scope, nextStep, ruleId, retryAfterMs } = classifyAnswer(answer)
      expect(classifyFailure({ provider, error }), answer.id).toMatchObject({ reason, scope, nextStep, ruleId })
      expect(classifyFailure({ provider, error }).retryAfterMs, answer.id).toBe(retryAfterMs)
    }
  })
})

/** The same value with the fields of every object in the opposite order. */
function reversed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(reversed)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value)
      .reverse()
      .map(([name, item]) => [name, reversed(item)]),
  )
}
