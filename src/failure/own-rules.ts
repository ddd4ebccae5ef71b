import { checkBoolean, checkName, checkOneOf, checkRecord, checkText, checkTexts } from './checks.ts'
import { invalidOption } from './failover-error.ts'
import type { FailureReason, FailureScope, NextStep } from './failure.ts'
import { MEANING_OF, type Rule } from './rule.ts'

/** When a rule of your own speaks: all of what is given must hold. At least one thing must be given. */
export interface FailureRuleCondition {
  /** The failure is one of these providers'. */
  readonly providers?: readonly string[]
  /** The answer's HTTP status is one of these, 100 to 599. */
  readonly status?: readonly number[]
  /** Any of these is a machine-readable field of the answer (a code, type, status name or reason) or the name or code of a
   *  thrown error; case does not matter. */
  readonly codes?: readonly string[]
  /** Any of these stands in the message; case does not matter. */
  readonly anyOf?: readonly string[]
  /** All of these stand in the message; case does not matter. */
  readonly allOf?: readonly string[]
  /** None of these stands in the message; case does not matter. */
  readonly noneOf?: readonly string[]
  /** The failure came inside an answer that had begun with HTTP 200. */
  readonly inStream?: boolean
}

/** A rule of your own about what a failure means; it is asked before all that come with the package. */
export interface FailureRule {
  /** Its name, without white space; `ruleId` of the failures it decides. */
  readonly id: string
  readonly when: FailureRuleCondition
  readonly reason: FailureReason
  /** Default: what the reason usually means; `docs/failures.md` has the table. */
  readonly scope?: FailureScope
  /** Default: as for `scope`. */
  readonly nextStep?: NextStep
  /** Default: as for `scope`. */
  readonly isRetryable?: boolean
  /** Where you know it from; shown by `hotspare explain`. */
  readonly source?: string
}

const RULE_KEYS = ['id', 'when', 'reason', 'scope', 'nextStep', 'isRetryable', 'source']
const TEXT_CONDITIONS = ['providers', 'codes', 'anyOf', 'allOf', 'noneOf'] as const
const CONDITION_KEYS = ['status', 'inStream', ...TEXT_CONDITIONS]
/** Where a rule is from of which nobody said it. */
export const OWN_SOURCE = 'a rule of your own'
/** Every reason there is. */
export const REASONS = Object.keys(MEANING_OF) as readonly FailureReason[]
/** Every scope there is. */
export const SCOPES = [
  'none',
  'request',
  'target',
  'profile',
  'model',
  'provider',
] as const satisfies readonly FailureScope[]
/** Every next step there is. */
export const NEXT_STEPS = [
  'retry_target',
  'next_profile',
  'next_model',
  'next_provider',
  'return',
] as const satisfies readonly NextStep[]

/**
 * Checks rules of a user's own and brings them into the form of the package's.
 *
 * @param path what the rules are called in messages
 * @throws FailoverError `INVALID_OPTION`, naming the rule, what is wrong with it and what is allowed
 */
export function parseRules(rules: readonly FailureRule[], path = 'rules'): readonly OwnRule[] {
  if (!Array.isArray(rules)) throw invalidOption(path, rules, 'it must be an array of rules')
  const ids = new Set<string>()
  return rules.map((rule: FailureRule, index) => {
    const at = `${path}[${index}]`
    checkRule(at, rule)
    if (ids.has(rule.id)) throw invalidOption(`${at}.id`, rule.id, 'another rule has this id')
    ids.add(rule.id)
    const { when, source = OWN_SOURCE, ...verdict } = rule
    return { ...verdict, source, when: conditionOf(when) }
  })
}

/** A rule of a user's own in the form of the package's, its texts in lower case. */
interface OwnRule extends Rule {
  readonly when: FailureRuleCondition
}

/** What a user's rules are tested against: all that was said, and what it is by its true status. */
export interface OwnFacts {
  /** In lower case. */
  readonly provider: string | undefined
  /** The answer's, also of a good one. */
  readonly status: number | undefined
  readonly codes: readonly string[]
  /** In lower case, quotations too. */
  readonly text: string
  readonly inStream: boolean
}

/** A user's rules, tried one after the other. There are few of them, and each means what it says, letter by letter. */
export class OwnRules {
  readonly #rules: readonly OwnRule[]

  /** @param rules as `parseRules` gives them */
  constructor(rules: readonly OwnRule[]) {
    this.#rules = rules
  }

  /** The first rule all of whose conditions hold. */
  firstMatch(facts: OwnFacts): Rule | undefined {
    return this.#rules.find(({ when }) => holds(when, facts))
  }
}

function holds(when: FailureRuleCondition, { provider, status, codes, text, inStream }: OwnFacts): boolean {
  return (
    (when.status === undefined || (status !== undefined && when.status.includes(status))) &&
    (when.providers === undefined || (provider !== undefined && when.providers.includes(provider))) &&
    (when.codes === undefined || when.codes.some((code) => codes.includes(code))) &&
    (when.anyOf === undefined || when.anyOf.some((phrase) => text.includes(phrase))) &&
    (when.allOf === undefined || when.allOf.every((phrase) => text.includes(phrase))) &&
    (when.noneOf === undefined || !when.noneOf.some((phrase) => text.includes(phrase))) &&
    (when.inStream === undefined || when.inStream === inStream)
  )
}

function checkRule(at: string, rule: FailureRule): void {
  checkRecord(at, rule, RULE_KEYS)
  checkName(`${at}.id`, rule.id)
  if (rule.reason === undefined) throw invalidOption(`${at}.reason`, rule.reason, allowedReasons())
  checkOneOf(`${at}.reason`, rule.reason, REASONS)
  checkOneOf(`${at}.scope`, rule.scope, SCOPES)
  checkOneOf(`${at}.nextStep`, rule.nextStep, NEXT_STEPS)
  checkBoolean(`${at}.isRetryable`, rule.isRetryable)
  if (rule.source !== undefined) checkText(`${at}.source`, rule.source)
  checkCondition(`${at}.when`, rule.when)
}

function allowedReasons(): string {
  return `it must be one of ${REASONS.join(', ')}`
}

function checkCondition(at: string, when: FailureRuleCondition): void {
  checkRecord(at, when, CONDITION_KEYS)
  const given = Object.values(when).filter((value) => value !== undefined)
  if (given.length === 0) throw invalidOption(at, when, `give at least one of ${CONDITION_KEYS.join(', ')}`)
  for (const key of TEXT_CONDITIONS) {
    const texts = when[key]
    if (texts === undefined) continue
    checkTexts(`${at}.${key}`, texts)
    if (texts.length === 0) throw invalidOption(`${at}.${key}`, texts, 'name at least one')
  }
  checkBoolean(`${at}.inStream`, when.inStream)
  if (when.status === undefined) return
  if (!Array.isArray(when.status) || when.status.length === 0)
    throw invalidOption(`${at}.status`, when.status, 'it must be an array of HTTP statuses')
  for (const [index, status] of when.status.entries()) {
    if (!Number.isInteger(status) || status < 100 || status > 599)
      throw invalidOption(`${at}.status[${index}]`, status, 'it must be a whole number from 100 to 599')
  }
}

function conditionOf({ status, inStream, ...texts }: FailureRuleCondition): FailureRuleCondition {
  const lower = Object.entries(texts).flatMap(([key, values]) =>
    values === undefined ? [] : [[key, values.map((value) => value.toLowerCase())]],
  )
  return { ...Object.fromEntries(lower), ...(status && { status }), ...(inStream !== undefined && { inStream }) }
}
