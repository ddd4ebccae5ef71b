import type { Evidence } from './evidence.ts'
import type { Failure, FailureReason } from './failure.ts'
import { exceedsLimit } from './hints.ts'
import { confidenceOf, type Facts, firstMatch, MEANING_OF, type Rule } from './rule.ts'
import { brokenStream, localRules, rulesFor, statusRules, transportRules } from './rules/index.ts'
import type { Statement } from './statement.ts'
import { wordingOf } from './wording.ts'

/** What failed and what to do, before it is said when to come back. */
export type Verdict = Pick<
  Failure,
  'reason' | 'scope' | 'nextStep' | 'isRetryable' | 'mayRetryTarget' | 'ruleId' | 'confidence'
>

const NO_EVIDENCE: Rule = { id: 'unknown.no_evidence', reason: 'unknown', when: {}, source: 'provider-documentation' }
const UNREADABLE: Rule = { ...NO_EVIDENCE, id: 'unknown.unreadable' }

/** The verdict on evidence that can't even be looked at. */
export const UNREADABLE_VERDICT: Verdict = verdictBy(UNREADABLE)

/**
 * Decides by the first evidence that speaks: our own limits, then the caller, the transport, the answer's statements
 * from the innermost out, and at last the status alone.
 *
 * @param statesWait whether the answer says when to come back
 */
export function decide(evidence: Evidence, statesWait: boolean): Verdict {
  const verdict = verdictBy(
    matchTimeout(evidence) ??
      matchThrown(evidence, statesWait) ??
      matchStatements(evidence, statesWait) ??
      matchRemainder(evidence, statesWait) ??
      NO_EVIDENCE,
  )
  return withoutForbiddenRetry(withGivenReason(withoutVainWait(verdict, evidence), evidence), evidence)
}

function verdictBy(rule: Rule): Verdict {
  const meaning = MEANING_OF[rule.reason]
  return {
    reason: rule.reason,
    scope: rule.scope ?? meaning.scope,
    nextStep: rule.nextStep ?? meaning.nextStep,
    isRetryable: rule.isRetryable ?? meaning.isRetryable,
    mayRetryTarget: rule.mayRetryTarget ?? true,
    confidence: confidenceOf(rule.when),
    ruleId: rule.id,
  }
}

/** One of our own timers ran out. Before there is a connection the model has no part in it. */
function matchTimeout({ timeoutPhase }: Evidence): Rule | undefined {
  if (timeoutPhase === undefined) return undefined
  const rule = {
    id: `local.${timeoutPhase}_timeout`,
    reason: 'timeout',
    when: { codes: [] },
    source: 'docs/failures.md',
  } as const
  return timeoutPhase === 'connect' ? { ...rule, scope: 'provider', nextStep: 'next_provider' } : rule
}

function matchThrown(evidence: Evidence, statesWait: boolean): Rule | undefined {
  const facts = factsOf(evidence, statesWait, { codes: evidence.thrownCodes, text: wordingOf(evidence.plainText) })
  // A status that names an error is the server's word: whatever broke after it matters no more.
  return firstMatch(localRules, facts) ?? (facts.status === undefined ? firstMatch(transportRules, facts) : undefined)
}

function matchStatements(evidence: Evidence, statesWait: boolean): Rule | undefined {
  const rules = rulesFor(evidence.provider, evidence.dialect)
  for (const statement of evidence.statements) {
    const rule = firstMatch(rules, factsOf(evidence, statesWait, statement))
    if (rule !== undefined) return rule
  }
  return undefined
}

function matchRemainder(evidence: Evidence, statesWait: boolean): Rule | undefined {
  const told = evidence.statements.find(({ status }) => status !== undefined)?.status
  const status = told ?? evidence.status ?? (evidence.inStream ? 200 : undefined)
  if (evidence.isThrown && evidence.inStream && (status === undefined || status < 400)) return brokenStream
  return status === undefined
    ? undefined
    : firstMatch(statusRules, { ...factsOf(evidence, statesWait, { codes: [], text: '' }), status })
}

function factsOf(
  evidence: Evidence,
  statesWait: boolean,
  { codes, text, param, status = evidence.status }: Partial<Statement> & Pick<Statement, 'codes' | 'text'>,
): Facts {
  const { isHtml, inStream } = evidence
  // Inside an answer that had begun well, the type alone tells that the request was refused.
  const implied = codes.includes('invalid_request_error') ? 400 : undefined
  return {
    status: status !== undefined && status >= 400 ? status : implied,
    codes,
    param: param === undefined || param === 'model' ? param : 'other',
    text,
    isHtml,
    inStream,
    statesWait,
  }
}

/** A request larger than its whole limit fails there for ever, while smaller ones pass: the key is not to blame. */
function withoutVainWait(verdict: Verdict, { statements }: Evidence): Verdict {
  if (verdict.reason !== 'rate_limit' || !statements.some(({ text }) => exceedsLimit(text))) return verdict
  return { ...verdict, scope: 'request', nextStep: 'next_model', isRetryable: false }
}

/** Where an error of ours was made, more was known than can be read from it. */
function withGivenReason(verdict: Verdict, { givenReason }: Evidence): Verdict {
  return givenReason === undefined || givenReason === verdict.reason ? verdict : verdictBy(givenRule(givenReason))
}

function givenRule(reason: FailureReason): Rule {
  return { id: 'local.given_reason', reason, when: { codes: [] }, source: 'docs/errors.md' }
}

/** `x-should-retry: false` forbids the same target and nothing else. */
function withoutForbiddenRetry(verdict: Verdict, { headers }: Evidence): Verdict {
  if (headers.get('x-should-retry') !== 'false') return verdict
  const nextStep = verdict.nextStep === 'retry_target' ? 'next_model' : verdict.nextStep
  return { ...verdict, nextStep, mayRetryTarget: false }
}
