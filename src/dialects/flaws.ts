import type { AnswerFlaw, FlawedAnswer } from './dialect.ts'

const MESSAGES: Readonly<Record<AnswerFlaw, string>> = {
  empty: 'the answer is empty',
  no_room: 'no room was left for an answer',
  withheld: 'the answer was withheld by a content filter',
  refused: 'the model refused to answer',
  malformed_call: 'the model wrote a tool call that cannot be read',
  failed: 'the provider failed before the answer was complete',
  no_capacity: 'the provider had not the capacity to complete the answer',
  cut_short: 'the answer ended before it was complete',
  no_answer: 'the body is no answer',
}

/** Flaws that an answer without content has; where there is content, its finish reason only says why it goes no further. */
const ONLY_WITHOUT_CONTENT: ReadonlySet<AnswerFlaw> = new Set(['empty', 'no_room'])

/** A flaw with its words. */
export function flawNamed(flaw: AnswerFlaw): { readonly flaw: AnswerFlaw; readonly message: string } {
  return { flaw, message: MESSAGES[flaw] }
}

/** An answer with this flaw; none where its content makes up for it. */
export function flawed(flaw: AnswerFlaw, hasContent: boolean): FlawedAnswer | undefined {
  if (hasContent && ONLY_WITHOUT_CONTENT.has(flaw)) return undefined
  return { flaw, message: MESSAGES[flaw], hasContent }
}

/** Can the content of the answer, wherever it stands, make up for this flaw? */
export function isLackOfContent(flaw: AnswerFlaw): boolean {
  return ONLY_WITHOUT_CONTENT.has(flaw)
}

/** What is wrong with several answers to one request: nothing where one of them is sound. */
export function flawOfAll(verdicts: readonly (FlawedAnswer | undefined)[]): FlawedAnswer | undefined {
  if (verdicts.length === 0) return flawed('empty', false)
  const flawedOnes = verdicts.filter((verdict) => verdict !== undefined)
  if (flawedOnes.length < verdicts.length) return undefined
  return flawedOnes.find(({ hasContent }) => hasContent) ?? flawedOnes[0]
}

/** The flaw as the failure of one event. */
export function flawOfFinish(
  flaw: AnswerFlaw,
  finish: string,
): { readonly message: string; readonly flaw: AnswerFlaw } {
  return { message: `${MESSAGES[flaw]} (${JSON.stringify(finish)})`, flaw }
}
