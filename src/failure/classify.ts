import type { JudgedAnswer } from './body.ts'
import { decide, UNREADABLE_VERDICT, type Verdict } from './decide.ts'
import { type Evidence, gatherEvidence } from './evidence.ts'
import type { ClassifyInput, Failure, FailureReason } from './failure.ts'
import { type Hint, hintOf, readEmptyBucket, StatedWaits } from './hints.ts'
import { limitWindowOf } from './limit-window.ts'
import type { Moment } from './moment.ts'
import { type FailureRule, OwnRules, parseRules } from './own-rules.ts'
import { type BucketReading, describeQuota, readBuckets } from './quota.ts'
import { maskSecrets, redactKnown } from './redact.ts'
import { vocabulary } from './rules/index.ts'
import { readItems, readProperty } from './safe-read.ts'
import { SpokenPhrases } from './spoken-phrases.ts'

const MAX_MESSAGE_LENGTH = 500
const MAX_SECRETS = 1_000
/** What is masked before it is cut: a secret that begins inside the message must still look like one. */
const MAX_MASKED_LENGTH = 768

/**
 * Turns any evidence of a failure into a diagnosis: what failed, how much of the world it condemns, what to do next,
 * and when to come back.
 *
 * Machine-readable fields decide first, then what the sender says in its own words, then the status alone. What it
 * quotes of the request decides nothing. A few words, such as those for an empty account, override a general type. Pure:
 * the present is `nowMs` or the answer's `date`. Looks at no more than 64 KiB of an error and 4 MiB of an answer under
 * HTTP 2xx. Never throws, whatever it is given; what it can make nothing of is `unknown`.
 *
 * @example
 * classifyFailure({ provider: 'openai', status: 429, headers, body })
 * // { reason: 'rate_limit', scope: 'target', nextStep: 'next_profile', retryAfterMs: 644, … }
 */
export function classifyFailure(input: ClassifyInput): Failure {
  return PLAIN.classify(input)
}

export interface ClassifierOptions {
  /** Rules of your own. Default: none. */
  readonly rules?: readonly FailureRule[]
}

/**
 * A `classifyFailure` that asks rules of your own first: before everything but our own limits and the caller's leaving.
 *
 * @throws FailoverError `INVALID_OPTION` where a rule is none
 */
export function createClassifier({ rules }: ClassifierOptions = {}): (input: ClassifyInput) => Failure {
  const classifier = new Classifier(rules)
  return (input) => classifier.classify(input)
}

/** Diagnoses by rules of a user's own, if there are any, and then by those of the package. */
export class Classifier {
  readonly #ownRules: OwnRules | undefined

  /** @throws FailoverError `INVALID_OPTION` where a rule is none */
  constructor(rules: readonly FailureRule[] = []) {
    const parsed = parseRules(rules)
    this.#ownRules = parsed.length === 0 ? undefined : new OwnRules(parsed)
  }

  classify(input: ClassifyInput): Failure {
    try {
      return diagnose(gatherEvidence(input), secretsOf(input), this.#ownRules)
    } catch {
      // Every look into a foreign value is guarded; this is for the one nobody thought of.
      return { ...UNREADABLE_VERDICT, message: 'the evidence could not be read' }
    }
  }

  /** What is wrong with an answer that was judged event by event. */
  classifyAnswer(input: ClassifyInput, answer: JudgedAnswer): Failure {
    return diagnose({ ...gatherEvidence(input), answer }, secretsOf(input), this.#ownRules)
  }
}

const PLAIN = new Classifier()

function secretsOf(input: ClassifyInput): readonly unknown[] {
  return readItems(readProperty(input, 'secrets'), MAX_SECRETS)
}

function diagnose(evidence: Evidence, secrets: readonly unknown[], ownRules: OwnRules | undefined): Failure {
  const phrases = new SpokenPhrases(vocabulary())
  const waits = new StatedWaits(evidence, phrases)
  const verdict = decide(evidence, waits, phrases, ownRules)
  const buckets = readBuckets(evidence.headers)
  const quota = describeQuota(buckets, evidence.provider, evidence.nowMs ?? evidence.sentAt)
  const { status, timeoutPhase, statements } = evidence
  const limitWindowMs = verdict.reason === 'rate_limit' ? limitWindowOf(statements, phrases) : undefined
  const { retryAfterMs, resetAt } = hintFor(verdict, waits, buckets, evidence)
  const failure: { -readonly [K in keyof Failure]: Failure[K] } = {
    ...verdict,
    message: messageOf(evidence, verdict, secrets),
  }
  if (retryAfterMs !== undefined) failure.retryAfterMs = retryAfterMs
  if (resetAt !== undefined) failure.resetAt = resetAt
  if (quota.length > 0) failure.quota = quota
  if (limitWindowMs !== undefined) failure.limitWindowMs = limitWindowMs
  if (status !== undefined) failure.status = status
  if (timeoutPhase !== undefined && verdict.reason === 'timeout') failure.timeoutPhase = timeoutPhase
  return failure
}

/** What lasts until somebody changes something, and what no provider has said a word of: a client's own pauses. */
const WITHOUT_WORDS: ReadonlySet<FailureReason> = new Set(['auth', 'permission', 'model_not_found', 'network'])

/** A wait belongs to something that is out for a while: to a request that can never pass it would be a lie. */
function hintFor(verdict: Verdict, waits: StatedWaits, buckets: readonly BucketReading[], evidence: Evidence): Hint {
  if (verdict.scope === 'request' || verdict.scope === 'none') return {}
  const { reason } = verdict
  const moment =
    waits.field ??
    // Buckets stand in the headers of every answer; only a rate limit is about them.
    (reason === 'rate_limit' ? readEmptyBucket(buckets, evidence) : undefined) ??
    // "Try again in two minutes" is advice to whoever has mended a permission, and no end of it.
    (WITHOUT_WORDS.has(reason) ? undefined : wordsOfEnd(waits.words, reason)) ??
    (reason === 'rate_limit' ? waits.clientWords : undefined)
  return hintOf(moment, evidence)
}

/** A month's allowance ends on a day; a number of minutes is advice to whoever has paid. */
function wordsOfEnd(words: Moment | undefined, reason: FailureReason): Moment | undefined {
  return reason === 'billing' && words !== undefined && 'afterMs' in words ? undefined : words
}

/** What was said, on one line, masked and shortened; else what stands in for it. */
function messageOf(
  { statements, plainText, status, answer }: Evidence,
  { reason }: Verdict,
  secrets: readonly unknown[],
): string {
  const said = statements.find(({ message }) => message !== '')?.message ?? (plainText || (answer?.message ?? ''))
  const code = statements[0]?.codes[0] ?? ''
  const known = secrets.filter((secret) => typeof secret === 'string')
  // Masked before it is cut: half a secret would not be recognised.
  const shown = (text: string): string => singleLine(redactKnown(text, known))
  return shown(said) || shown(code) || (status === undefined ? reason.replaceAll('_', ' ') : `HTTP ${status}`)
}

/** White space that is no plain blank, and control characters. */
const UNEVEN = /[^\S ]|\p{Cc}/gu
/** There may be some. */
const MAY_BE_UNEVEN = /[^ -~]| {2}/

function singleLine(text: string): string {
  const beginning = text.slice(0, MAX_MASKED_LENGTH)
  const even = MAY_BE_UNEVEN.test(beginning) ? beginning.replace(UNEVEN, ' ').replace(/ {2,}/g, ' ') : beginning
  const line = maskSecrets(even).trim()
  if (line.length <= MAX_MESSAGE_LENGTH) return line.toWellFormed()
  return `${line.slice(0, MAX_MESSAGE_LENGTH - 1).toWellFormed()}…`
}
