import { WINDOW_NAMES } from '../limit-window.ts'
import { PhraseFinder } from '../phrase-finder.ts'
import { needsWords, type Rule, type RuleTable } from '../rule.ts'
import { phrasesOf, RuleBook } from '../rule-book.ts'
import { WAIT_CUES } from '../wait-cues.ts'
import { modelAccessRule } from './access-wording.ts'
import { answerRules, reportedError, soundAnswer } from './answer.ts'
import { anthropicTable } from './anthropic.ts'
import { billingRules } from './billing.ts'
import { nameRules } from './names.ts'
import { openaiTable } from './openai.ts'
import { PROVIDER_ALIASES, PROVIDER_TABLES } from './providers.ts'
import { statusRules } from './status.ts'
import { brokenStream, localRules, timeoutRules, transportRules } from './transport.ts'
import { GIVEN, NO_EVIDENCE, UNREADABLE } from './unknown.ts'
import { wordingRules } from './wording.ts'

export { answerRules, reportedError, soundAnswer } from './answer.ts'
export { brokenStream, timeoutRules } from './transport.ts'
export { GIVEN, NO_EVIDENCE, UNREADABLE } from './unknown.ts'

export const localBook = new RuleBook(localRules)
export const transportBook = new RuleBook(transportRules)
export const statusBook = new RuleBook(statusRules)
/** What a name that no rule knows may mean by the words it is made of. */
export const namesBook = new RuleBook(nameRules)

/** The tables of the wire formats: they hold for whatever speaks them. */
const DIALECT_TABLES: ReadonlyMap<string, RuleTable> = new Map([
  ['openai', openaiTable],
  ['anthropic', anthropicTable],
])

const TABLES: ReadonlyMap<string, RuleTable> = new Map([...DIALECT_TABLES, ...PROVIDER_TABLES])

/** The books, by the tables that go first; each is made when it is first asked for. */
const books = new Map<string, RuleBook>()
let finder: PhraseFinder | undefined

/** Knows every phrase that any rule looks for, and every cue of a wait. */
export function vocabulary(): PhraseFinder {
  finder ??= new PhraseFinder([
    ...phrasesOf([...TABLES.values()].flatMap(allOf)),
    ...phrasesOf([...billingRules, modelAccessRule, ...wordingRules]),
    ...WAIT_CUES,
    ...WINDOW_NAMES,
  ])
  return finder
}

/** The rules for an answer of this provider: its own table's first, then its dialect's, then what anybody may say. */
export function rulesFor(provider: string | undefined, dialect: string | undefined): RuleBook {
  const own = tableNamed(provider)
  const format = tableNamed(dialect)
  const key = `${own}/${format}`
  let book = books.get(key)
  if (book === undefined) {
    book = new RuleBook(arrange(TABLES.get(own), TABLES.get(format)), { finder: vocabulary() })
    books.set(key, book)
  }
  return book
}

/** Every rule of the package, by the table it stands in, in the order in which they are tried there. */
export function ruleTables(): ReadonlyMap<string, readonly Rule[]> {
  return new Map<string, readonly Rule[]>([
    ['own limits', Object.values(timeoutRules)],
    ['caller', localRules],
    ['transport', [...transportRules, brokenStream]],
    ...[...TABLES].map(([name, table]): [string, readonly Rule[]] => [name, allOf(table)]),
    ['money', billingRules],
    ['words', [modelAccessRule, ...wordingRules]],
    ['answers', [...Object.values(answerRules), reportedError, soundAnswer]],
    ['names', nameRules],
    ['status', statusRules],
    ['nothing else', [GIVEN, NO_EVIDENCE, UNREADABLE]],
  ])
}

/** The rule of this id, among those of the package. */
export function findRule(id: string): Rule | undefined {
  for (const rules of ruleTables().values()) {
    const rule = rules.find((rule) => rule.id === id)
    if (rule !== undefined) return rule
  }
  return undefined
}

/** The table of this name; '' where there is none. Names are bounded by the tables, so that the books are. */
function tableNamed(name: string | undefined): string {
  if (name === undefined) return ''
  const lower = name.toLowerCase()
  const known = PROVIDER_ALIASES.get(lower) ?? lower
  return TABLES.has(known) ? known : ''
}

function allOf({ own = [], exact, typed, broad }: RuleTable): Rule[] {
  return [...own, ...exact, ...typed, ...broad]
}

/**
 * From what can mean only one thing to what may mean anything, and fields before words. The other tables follow the own
 * ones: gateways pass their upstream's errors on as they are. But what the own tables have a type for is not judged by
 * another's words.
 */
function arrange(provider: RuleTable | undefined, dialect: RuleTable | undefined): readonly Rule[] {
  const own = [provider, dialect].filter((table) => table !== undefined)
  const others = [...TABLES.values()].filter((table) => !own.includes(table))
  const types = own.flatMap(allOf).flatMap(({ when }) => when.codes ?? [])
  const exact = [
    ...own.flatMap((table) => table.exact),
    ...others.flatMap((table) => table.exact.map(unlessTyped(types))),
  ]
  const tables = [...own, ...others]
  return [
    ...(provider?.own ?? []),
    ...exact.filter(({ when }) => when.codes !== undefined),
    ...exact.filter(({ when }) => when.codes === undefined),
    ...billingRules,
    modelAccessRule,
    ...tables.flatMap(({ typed }) => typed),
    ...wordingRules,
    ...tables.flatMap(({ broad }) => broad),
  ]
}

/** The same rule, silent where it has only words and the own tables have typed the error. */
function unlessTyped(types: readonly string[]): (rule: Rule) => Rule {
  return (rule) => {
    const isWordy = rule.when.codes === undefined && needsWords(rule.when)
    return isWordy && types.length > 0 ? { ...rule, when: { ...rule.when, noneOfCodes: types } } : rule
  }
}
