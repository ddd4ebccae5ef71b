import type { Evidence } from './evidence.ts'
import type { Failure } from './failure.ts'
import { exceedsLimit, type StatedWaits } from './hints.ts'
import type { OwnRules } from './own-rules.ts'
import { condemnsMore, confidenceOf, type Facts, isRequestRefused, MEANING_OF, type Rule } from './rule.ts'
import {
  answerRules,
  brokenStream,
  GIVEN,
  localBook,
  NO_EVIDENCE,
  namesBook,
  reportedError,
  rulesFor,
  soundAnswer,
  statusBook,
  timeoutRules,
  transportBook,
  UNREADABLE,
} from './rules/index.ts'
import type { SpokenPhrases } from './spoken-phrases.ts'
import type { Statement } from './statement.ts'
import type { GivenVerdict } from './thrown.ts'

/** What failed and what to do, before it is said when to come back. */
export type Verdict = Pick<
  Failure,
  'reason' | 'scope' | 'nextStep' | 'isRetryable' | 'mayRetryTarget' | 'ruleId' | 'confidence'
>

/** The verdict on evidence that can't even be looked at. */
export const UNREADABLE_VERDICT: Verdict = verdictBy(UNREADABLE)

/**
 * Decides by the first evidence that speaks: our own limits, then the caller, the transport, the answer's statements
 * from the innermost out, what it is worth as an answer, and at last the status alone. A user's own rules go before all
 * but our own limits and the caller.
 *
 * @param waits when the answer says to come back
 */
export function decide(evidence: Evidence, waits: StatedWaits, phrases: SpokenPhrases, ownRules?: OwnRules): Verdict {
  const thrown = factsOf(evidence, waits, { codes: evidence.thrownCodes, text: evidence.plainWording })
  const ours = matchTimeout(evidence) ?? localBook.firstMatch(thrown)
  const own = ours === undefined && ownRules !== undefined ? matchOwn(evidence, ownRules) : undefined
  // Whoever writes a rule means what it says: nothing else is known better.
  if (own !== undefined) return withoutForbiddenRetry(verdictBy(own), evidence)
  const verdict = verdictBy(
    ours ??
      matchTransport(evidence, thrown) ??
      matchStatements(evidence, waits, phrases) ??
      matchSpokenTransport(evidence, waits) ??
      matchNames(evidence, waits) ??
      matchAnswer(evidence) ??
      matchRemainder(evidence, waits) ??
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

function matchTimeout({ timeoutPhase }: Evidence): Rule | undefined {
  return timeoutPhase === undefined ? undefined : timeoutRules[timeoutPhase]
}

/** A user's rules look at all that was said, quotations too, and at what was thrown: its names are codes to them. */
function matchOwn(evidence: Evidence, ownRules: OwnRules): Rule | undefined {
  const { statements, thrownCodes, plainText, answer, inStream } = evidence
  const provider = evidence.provider?.toLowerCase()
  const said = [
    ...statements,
    { codes: [], message: plainText, status: undefined },
    { codes: [], message: answer?.message ?? '', status: undefined },
  ]
  for (const { codes, message, status = evidence.status } of said) {
    const facts = { provider, status, codes: [...codes, ...thrownCodes], text: message.toLowerCase(), inStream }
    const rule = ownRules.firstMatch(facts)
    if (rule !== undefined) return rule
  }
  return undefined
}

/** A status that names an error is the server's word: whatever broke after it matters no more. */
function matchTransport({ isReported }: Evidence, thrown: Facts): Rule | undefined {
  return thrown.status === undefined && !isReported ? transportBook.firstMatch(thrown) : undefined
}

/** A statement may speak of a connection of its sender's own. */
function matchSpokenTransport(evidence: Evidence, waits: StatedWaits): Rule | undefined {
  if (evidence.isReported) return undefined
  for (const statement of evidence.statements) {
    const facts = factsOf(evidence, waits, statement)
    const rule = facts.status === undefined ? transportBook.firstMatch(facts) : undefined
    if (rule !== undefined) return rule
  }
  return undefined
}

/** A code that no rule knows may still be made of words: `Workspace.AccessDenied`. */
function matchNames(evidence: Evidence, waits: StatedWaits): Rule | undefined {
  for (const statement of evidence.statements) {
    const names = codesOf(statement, evidence).filter((code) => code.length > 4 && !/^\d/.test(code))
    if (names.length === 0) continue
    const text = names.map((name) => name.replaceAll(/[._:/-]+/g, ' ')).join(', ')
    const spoken = { ...statement.spoken, codes: [] }
    const rule = namesBook.firstMatch(factsOf(evidence, waits, { ...statement, text, codes: [], spoken }))
    if (rule !== undefined && isBelievable(rule, statement, evidence)) return rule
  }
  return undefined
}

function matchStatements(evidence: Evidence, waits: StatedWaits, phrases: SpokenPhrases): Rule | undefined {
  const rules = rulesFor(evidence.provider, evidence.dialect)
  for (const statement of evidence.statements) {
    const rule = rules.firstMatch(factsOf(evidence, waits, statement), phrases)
    if (rule !== undefined && isBelievable(rule, statement, evidence)) return rule
  }
  return undefined
}

/** What may be the request's own text condemns nothing but the request. */
function isBelievable(rule: Rule, statement: Statement, evidence: Evidence): boolean {
  const isRefused = isRequestRefused(evidence.status) || isRequestRefused(statement.status)
  return !statement.isDoubtful || !isRefused || !condemnsMore(rule)
}

/** What was thrown about a sound answer is told by what was thrown. */
function matchAnswer({ answer, isThrown }: Evidence): Rule | undefined {
  if (answer === undefined) return undefined
  if (answer.flaw !== 'sound') return answerRules[answer.flaw]
  return isThrown ? undefined : soundAnswer
}

function matchRemainder(evidence: Evidence, waits: StatedWaits): Rule | undefined {
  const told = evidence.statements.find(
    (statement) => statement.status !== undefined && statement.status === statusOf(statement, evidence),
  )
  const status = statusOf(told ?? {}, evidence) ?? (evidence.inStream ? 200 : undefined)
  if (evidence.isReported && (status === undefined || status < 400)) return reportedError
  if (evidence.isThrown && evidence.inStream && (status === undefined || status < 400)) return brokenStream
  return status === undefined ? undefined : statusBook.firstMatch({ ...factsOf(evidence, waits, { text: '' }), status })
}

function factsOf(evidence: Evidence, waits: StatedWaits, said: Partial<Statement> & Pick<Statement, 'text'>): Facts {
  const { isHtml, inStream } = evidence
  const codes = codesOf(said, evidence)
  const status = statusOf(said, evidence)
  // Inside an answer that had begun well, the type alone tells that the request was refused.
  const implied = codes.some((code) => REFUSAL_CODES.has(code)) ? 400 : undefined
  const { param } = said
  return {
    status: status !== undefined && status >= 400 ? status : implied,
    codes: evidence.headerCodes.length === 0 ? codes : [...codes, ...evidence.headerCodes],
    param: param === undefined || param === 'model' ? param : 'other',
    text: said.text,
    isHtml,
    inStream,
    waits,
  }
}

/** Types with which a refused request is told apart from a failure; a type, not a status, is all that events have. */
const REFUSAL_CODES: ReadonlySet<string> = new Set([
  'invalid_request_error',
  'invalid_argument',
  'invalidparameter',
  'validationexception',
  'badrequesterror',
  'bad_request_error',
  'bad request',
  'bad_request',
])

/**
 * May the request's own text stand in what is said? Relays hand a refusal on under a status of their own: what the
 * statement names itself counts as well.
 */
function isRefusal({ status, codes = [] }: Partial<Statement>, evidence: Evidence): boolean {
  if (isRequestRefused(evidence.status) || isRequestRefused(status)) return true
  // Inside an answer that had begun well, the type alone tells that the request was refused.
  return (evidence.status ?? 0) < 400 && codes.some((code) => REFUSAL_CODES.has(code))
}

/** Codes among the words count where they can't be the request's. */
function codesOf(said: Partial<Statement>, evidence: Evidence): readonly string[] {
  const { codes = [], spoken } = said
  return spoken === undefined || spoken.codes.length === 0 || isRefusal(said, evidence)
    ? codes
    : [...codes, ...spoken.codes]
}

/** What a statement names itself goes first, unless it may be the request's; what stands among its words, then. */
function statusOf(said: Partial<Statement>, evidence: Evidence): number | undefined {
  const { status, spoken, isDoubtful } = said
  if (!isRefusal(said, evidence)) return status ?? spoken?.status ?? evidence.status
  return isDoubtful && isRequestRefused(evidence.status) ? evidence.status : (status ?? evidence.status)
}

/** A request larger than its whole limit fails there for ever, while smaller ones pass: the key is not to blame. */
function withoutVainWait(verdict: Verdict, { statements }: Evidence): Verdict {
  if (verdict.reason !== 'rate_limit' || !statements.some(({ text }) => exceedsLimit(text))) return verdict
  return { ...verdict, scope: 'request', nextStep: 'next_model', isRetryable: false }
}

/** Where an error of ours was made, more was known than can be read from it. */
function withGivenReason(verdict: Verdict, { given }: Evidence): Verdict {
  return given === undefined || given.reason === verdict.reason ? verdict : verdictBy(givenRule(given))
}

function givenRule({ reason, ruleId = GIVEN.id }: GivenVerdict): Rule {
  return { ...GIVEN, id: ruleId, reason }
}

/** `x-should-retry: false` forbids the same target and nothing else. */
function withoutForbiddenRetry(verdict: Verdict, { headers }: Evidence): Verdict {
  if (headers.get('x-should-retry')?.trim().toLowerCase() !== 'false') return verdict
  const nextStep = verdict.nextStep === 'retry_target' ? 'next_model' : verdict.nextStep
  return { ...verdict, nextStep, mayRetryTarget: false }
}
