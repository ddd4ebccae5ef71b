import { PhraseFinder } from './phrase-finder.ts'
import { afterPreamble, openingOf } from './preamble.ts'
import { type Condition, condemnsMore, type Facts, isRequestRefused, needsWords, type Rule } from './rule.ts'

interface RuleBookOptions {
  /** One that knows the rules' phrases, and maybe those of others. Default: its own. */
  readonly finder?: PhraseFinder | undefined
}

/** Finds the phrases in a text, each with the place where it stands first. */
interface Phrases {
  in(text: string): ReadonlyMap<string, number>
}

/**
 * Rules in the order in which they are tried, with an index over their codes and phrases: only rules whose evidence is
 * there are looked at, so that a thousand rules cost little more than ten.
 */
export class RuleBook {
  readonly #rules: readonly Rule[]
  readonly #ownPhrases: Phrases
  /** Where the first rule stands that rests on words alone. */
  #firstWordy = Number.POSITIVE_INFINITY
  readonly #byCode = new Map<string, number[]>()
  readonly #byPhrase = new Map<string, number[]>()
  /** Rules that need neither codes nor words. */
  readonly #others: number[] = []

  constructor(rules: readonly Rule[], { finder }: RuleBookOptions = {}) {
    this.#rules = rules
    const own = finder ?? new PhraseFinder(phrasesOf(rules))
    this.#ownPhrases = { in: (text) => own.find(text) }
    rules.forEach(({ when }, index) => {
      if (when.codes !== undefined) for (const code of when.codes) enter(this.#byCode, code, index)
      else if (needsWords(when)) {
        this.#firstWordy = Math.min(this.#firstWordy, index)
        for (const phrase of keysOf(when)) enter(this.#byPhrase, phrase, index)
      } else this.#others.push(index)
    })
  }

  /**
   * The first rule whose condition holds.
   *
   * @param spoken finds the phrases of the texts, by the book's own finder
   */
  firstMatch(facts: Facts, spoken: Phrases = this.#ownPhrases): Rule | undefined {
    const evidence = new TextEvidence(facts, spoken)
    let first = this.#rules.length
    const tryAll = (indexes: readonly number[] | undefined): void => {
      if (indexes === undefined) return
      for (const index of indexes) {
        if (index >= first) return
        if (holds(this.#rules[index] as Rule, evidence)) first = index
      }
    }
    for (const code of facts.codes) tryAll(this.#byCode.get(code))
    tryAll(this.#others)
    // Where a code has decided, words that no rule before it looks for need not be looked for.
    if (first > this.#firstWordy) for (const phrase of evidence.phrases.keys()) tryAll(this.#byPhrase.get(phrase))
    return this.#rules[first]
  }
}

const NO_PHRASES: ReadonlyMap<string, number> = new Map()

/** Every phrase the rules look for. */
export function phrasesOf(rules: readonly Rule[]): string[] {
  return rules.flatMap(({ when: { begins = [], anyOf = [], allOf = [], noneOf = [] } }) => [
    ...begins,
    ...anyOf,
    ...allOf.flat(),
    ...noneOf,
  ])
}

/** The facts, and what stands in their text once it was asked for. */
class TextEvidence {
  readonly facts: Facts
  readonly #spoken: Phrases
  #phrases: ReadonlyMap<string, number> | undefined
  #said: string | undefined
  #openingLength: number | undefined

  constructor(facts: Facts, spoken: Phrases) {
    this.facts = facts
    this.#spoken = spoken
  }

  /** The phrases in the text, each with its first place. */
  get phrases(): ReadonlyMap<string, number> {
    this.#phrases ??= this.facts.text === '' ? NO_PHRASES : this.#spoken.in(this.facts.text)
    return this.#phrases
  }

  /** The text without what programs have put before it. */
  get said(): string {
    this.#said ??= afterPreamble(this.facts.text)
    return this.#said
  }

  /** How long the opening of the text is, where alone some words count. */
  get openingLength(): number {
    this.#openingLength ??= openingOf(this.facts.text).length
    return this.#openingLength
  }
}

/** One of these must stand in a text for the rule to speak. */
function keysOf({ begins, anyOf, allOf }: Condition): readonly string[] {
  return anyOf ?? begins ?? allOf?.slice(0, 1).flat() ?? []
}

function enter(index: Map<string, number[]>, key: string, rule: number): void {
  const rules = index.get(key)
  if (rules === undefined) index.set(key, [rule])
  else if (rules.at(-1) !== rule) rules.push(rule)
}

function holds(rule: Rule, evidence: TextEvidence): boolean {
  const { facts } = evidence
  const { when } = rule
  return (
    (when.status === undefined || holdsStatus(when, facts.status)) &&
    (when.isHtml === undefined || when.isHtml === facts.isHtml) &&
    (when.isSilent === undefined || when.isSilent === (facts.text === '' && facts.codes.length === 0)) &&
    (when.inStream === undefined || when.inStream === facts.inStream) &&
    (when.statesWait === undefined || when.statesWait === facts.waits.isStated) &&
    (when.codes === undefined || when.codes.some((code) => facts.codes.includes(code))) &&
    (when.noneOfCodes === undefined || !when.noneOfCodes.some((code) => facts.codes.includes(code))) &&
    (when.param === undefined || when.param === facts.param) &&
    (when.begins === undefined || when.begins.some((phrase) => evidence.said.startsWith(phrase))) &&
    (when.anyOf === undefined || when.anyOf.some((phrase) => stands(phrase, rule, evidence))) &&
    (when.allOf === undefined || when.allOf.every((item) => standsAny(item, rule, evidence))) &&
    (when.noneOf === undefined || !when.noneOf.some((phrase) => evidence.phrases.has(phrase)))
  )
}

function standsAny(item: string | readonly string[], rule: Rule, evidence: TextEvidence): boolean {
  return typeof item === 'string' ? stands(item, rule, evidence) : item.some((phrase) => stands(phrase, rule, evidence))
}

/**
 * Does the phrase stand where it counts? Where the request's own text may stand in the answer, only the opening words
 * count for a rule that condemns more than the request.
 */
function stands(phrase: string, rule: Rule, evidence: TextEvidence): boolean {
  const at = evidence.phrases.get(phrase)
  if (at === undefined) return false
  const { status } = evidence.facts
  // A 413 that limits a rate is about sizes; it quotes model names, but no text of the request.
  const isAboutSize = status === 413 && rule.reason === 'rate_limit'
  if (!isRequestRefused(status) || isAboutSize || !condemnsMore(rule)) return true
  return at + phrase.length <= evidence.openingLength
}

function holdsStatus(when: Condition, actual: number | undefined): boolean {
  const { status, codes } = when
  if (actual === undefined) return codes !== undefined || needsWords(when)
  if (status === undefined || 'min' in status)
    return status === undefined || (actual >= status.min && actual <= status.max)
  return status.includes(actual)
}
