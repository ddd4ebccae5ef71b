import { callTo, disorderIn, joinedOf } from './answers.ts'
import type { Knowledge } from './attempt-rules.ts'
import type { Reception } from './fake-provider.ts'
import type { Caller, KnownRequest } from './records.ts'

/** What a caller has got must be one answer, or the beginning of one; all of it where he was told that it is complete. */
export function checkText({ report }: Knowledge, caller: Caller, request: KnownRequest | undefined): void {
  const { id, plan, received, ending, ends } = caller
  if (plan.door !== 'call') return
  const name = `caller ${id} (${request?.started.requestId ?? 'no request'}) has got ${JSON.stringify(received)}`
  const disorder = disorderIn(received, id)
  if (disorder !== undefined) report('answers_are_of_a_piece', `${name}: ${disorder}`)
  const answers =
    request?.attempts.flatMap(({ reception }) => (reception === undefined ? [] : [answersIn(reception)])) ?? []
  const plain = withoutLastSpace(received, id)
  const isComplete = ending?.kind === 'succeeded' && plan.reading.mode !== 'early'
  if (isComplete) {
    if (!answers.at(-1)?.some((answer) => withoutLastSpace(answer, id) === plain))
      report('answers_are_whole', `${name}, and is told that this is all of ${JSON.stringify(answers.at(-1))}`)
    // One that says nothing at all has no last event either.
    const isSilent = request?.attempts.at(-1)?.reception?.fault === 'empty'
    if (ends !== (isSilent ? 0 : 1)) report('answers_are_whole', `${name}, and ${ends} ends`)
  } else if (!answers.flat().some((answer) => answer.startsWith(received.trimEnd())) && received.trim() !== '')
    report('answers_are_of_a_piece', `${name}, which none of these begins with: ${JSON.stringify(answers)}`)
}

/** All that a caller may have got who got all that was said in an attempt, and what it went on with. */
function answersIn({ prefill, text, beginsAgain, caller }: Reception): readonly string[] {
  return prefill === undefined || beginsAgain ? [text] : joinedOf(prefill, text, caller)
}

/** White space at the end of what is said is of no account. */
function withoutLastSpace(text: string, caller: number): string {
  const call = callTo(caller)
  return text.endsWith(call) ? text.slice(0, -call.length).trimEnd() + call : text.trimEnd()
}
