import { needsWords, type Rule, type RuleTable } from '../rule.ts'
import { anthropicTable } from './anthropic.ts'
import { billingRules } from './billing.ts'
import { openaiTable } from './openai.ts'
import { modelAccessRule, wordingRules } from './wording.ts'

export { statusRules } from './status.ts'
export { brokenStream, localRules, transportRules } from './transport.ts'

/** The tables of the wire formats. Adding one here is all a new dialect takes. */
const DIALECT_TABLES: ReadonlyMap<string, RuleTable> = new Map([
  ['openai', openaiTable],
  ['anthropic', anthropicTable],
])

/** Providers that say some things in a way of their own. Adding one here is all a new provider takes. */
const PROVIDER_TABLES: ReadonlyMap<string, RuleTable> = new Map()

/** All rules about what an answer says, in the order they are tried, by the table that goes first; '' for none. */
const RULES_BY_TABLE: ReadonlyMap<string, readonly Rule[]> = new Map(
  ['', ...DIALECT_TABLES.keys(), ...PROVIDER_TABLES.keys()].map((name) => [name, arrange(name)]),
)

/** The rules for an answer of this provider: its own table's first, else its dialect's. */
export function rulesFor(provider: string | undefined, dialect: string | undefined): readonly Rule[] {
  return RULES_BY_TABLE.get(provider ?? '') ?? RULES_BY_TABLE.get(dialect ?? '') ?? RULES_BY_TABLE.get('') ?? []
}

/**
 * From what can mean only one thing to what may mean anything, and fields before words. The other dialects' tables
 * follow the own one: gateways pass their upstream's errors on as they are. But what the own dialect has a type for is
 * not judged by another's words.
 */
function arrange(name: string): readonly Rule[] {
  const own = PROVIDER_TABLES.get(name) ?? DIALECT_TABLES.get(name)
  const others = [...DIALECT_TABLES.values()].filter((table) => table !== own)
  const tables = own === undefined ? others : [own, ...others]
  const exact = tables.flatMap((table) => (table === own ? table.exact : table.exact.map(unlessTyped(own))))
  return [
    ...exact.filter(({ when }) => when.codes !== undefined),
    ...exact.filter(({ when }) => when.codes === undefined),
    ...billingRules,
    modelAccessRule,
    ...tables.flatMap(({ typed }) => typed),
    ...wordingRules,
    ...tables.flatMap(({ broad }) => broad),
  ]
}

/** The same rule, silent where it has only words and the own dialect has typed the error. */
function unlessTyped(own: RuleTable | undefined): (rule: Rule) => Rule {
  const rules = own === undefined ? [] : [...own.exact, ...own.typed, ...own.broad]
  const types = rules.flatMap(({ when }) => when.codes ?? [])
  return (rule) => {
    const isWordy = rule.when.codes === undefined && needsWords(rule.when)
    return isWordy ? { ...rule, when: { ...rule.when, noneOfCodes: types } } : rule
  }
}
