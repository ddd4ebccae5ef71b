import { describe, expect, it } from 'vitest'
import { classifyFailure, type Failure } from './index.ts'
import { afterPreamble } from './preamble.ts'
import type { Rule } from './rule.ts'
import { ruleTables } from './rules/index.ts'

/** Tables of rules about what an answer says; the others have tests of their own. */
const tables = [...ruleTables()].filter(
  ([name]) => !['own limits', 'caller', 'transport', 'answers', 'status', 'names', 'nothing else'].includes(name),
)

/** An answer with just this code and these words, under each status with which the rule speaks. */
interface Told {
  readonly what: string
  readonly verdicts: readonly Failure[]
}

describe.each(tables)('rules of %s', (provider, rules) => {
  it('each decide on their own evidence: none is hidden behind another', () => {
    const hidden = rules.filter(
      (rule) => !toldBy(rule, provider).some(({ verdicts }) => verdicts.some(({ ruleId }) => ruleId === rule.id)),
    )
    expect(hidden.map(({ id }) => id)).toEqual([])
  })

  it('mean what they say for each of their codes and phrases, whichever rule comes first', () => {
    const others = rules.flatMap((rule) =>
      toldBy(rule, provider)
        .filter(({ verdicts }) => verdicts.every(({ reason }) => reason !== rule.reason))
        .map(({ what }) => `${rule.id}: ${what}`),
    )
    expect(others).toEqual([])
  })
})

it('codes and phrases are in lower case, as what they are compared with is', () => {
  for (const rule of [...ruleTables().values()].flat()) {
    const { codes = [], begins = [], anyOf = [], allOf = [], noneOf = [] } = rule.when
    for (const text of [...codes, ...begins, ...anyOf, ...allOf.flat(), ...noneOf])
      expect(text, rule.id).toBe(text.toLowerCase())
    // What is taken for a preamble can never begin the words.
    for (const text of begins) expect(afterPreamble(text), rule.id).toBe(text)
  }
})

function toldBy({ when }: Rule, provider: string): Told[] {
  const { codes = [undefined], begins, anyOf, allOf = [], param } = when
  const besides = begins !== undefined ? anyOf?.[0] : undefined
  // Of alternatives the first and the last: between them a sentence may come about that another rule knows.
  const ends = [0, -1].map((place) => allOf.map((item) => [item].flat().at(place)))
  const told = (code: string | undefined, words: string | undefined, end: readonly (string | undefined)[]): Told => {
    const message = [words, besides, ...end].filter((part) => part !== undefined).join(' ')
    const error = {
      ...(code !== undefined && { code }),
      ...(message !== '' && { message }),
      ...(param !== undefined && { param: param === 'model' ? 'model' : 'messages' }),
      ...(when.statesWait === true && { retry_after: 30 }),
    }
    const body = when.isSilent === true ? '' : { error }
    const verdicts = statusesOf(when.status).map((status) =>
      classifyFailure({ provider, status, body, inStream: when.inStream }),
    )
    return { what: [code, message].filter((part) => part !== undefined).join(', '), verdicts }
  }
  return codes.flatMap((code) =>
    (begins ?? anyOf ?? [undefined]).flatMap((words) => ends.map((end) => told(code, words, end))),
  )
}

function statusesOf(status: Rule['when']['status']): readonly (number | undefined)[] {
  if (status === undefined) return [undefined, 400, 403, 429, 500]
  return 'min' in status ? [status.min, status.max] : status
}
