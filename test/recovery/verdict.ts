import { isDeepStrictEqual } from 'node:util'
import Anthropic from '@anthropic-ai/sdk'
import OpenAI from 'openai'
import { FailoverError } from '../../src/index.ts'
import { type Answer, callsOf, reasoningOf, textOf } from './answer.ts'
import type { Assembly } from './assembly.ts'
import { answerOf, REFUSAL_MARK } from './fallback.ts'
import { type Outcome, parsed, summaryOf } from './outcome.ts'
import { type Promised, promiseOf } from './promise.ts'
import { type Asked, prefillOf, type Stage } from './providers.ts'
import { settingOf } from './settings.ts'
import type { Trial } from './trial.ts'

/**
 * How a request went.
 *
 * - `unbroken`: the first target said all of it, or all that matters
 * - `unseen`: it broke before anything had been delivered, and another gave the answer
 * - `recovered`: it broke later, and another went on
 * - `raised`: it ended with an error
 */
export type Course = 'unbroken' | 'unseen' | 'recovered' | 'raised'

export interface Verdict {
  readonly course: Course
  readonly promised: Promised
  /** What must never be. */
  readonly violations: readonly string[]
}

/** Judges how a trial went. */
export function judge({ trial, asked }: Stage, sent: Readonly<Record<string, unknown>>, outcome: Outcome): Verdict {
  const promised = promiseOf(trial)
  const violations = [...outcome.assembly.breaches, ...wrongRequests(trial, asked, sent)]
  if (outcome.kind === 'raised') {
    violations.push(...wrongError(trial, outcome.error))
    if (promised.isWhole) violations.push(`raised, although the whole answer is promised: ${outcome.error}`)
    return { course: 'raised', promised, violations }
  }
  violations.push(...wrongAnswer(trial, asked, outcome))
  const isOfFirst = asked.at(-1)?.role === 'first'
  const course = isOfFirst ? 'unbroken' : promised.progress.stage === 'nothing' ? 'unseen' : 'recovered'
  return { course, promised, violations }
}

function wrongAnswer(
  { recording: { answer, dialect }, fallback, door }: Trial,
  asked: readonly Asked[],
  { assembly, summary }: Extract<Outcome, { kind: 'answered' }>,
): string[] {
  const whole = [answer, answerOf(fallback, answer)]
  const wrong: string[] = []
  // The library hands on what came: where only the last event is missing behind the stop reason, it is not made up.
  const isOver = door === 'library' ? assembly.finish !== undefined : assembly.isOver
  if (!isOver) wrong.push('it ends without its end, and no error says so')
  if (!whole.some((one) => isSaid(one, assembly))) wrong.push(`it is no whole answer: ${toldOf(assembly)}`)
  wrong.push(...wrongReasoning(whole, assembly, dialect === 'anthropic'))
  if (summary !== undefined && !isDeepStrictEqual(summary, summaryOf(assembly)))
    wrong.push(`the helper puts together something else: ${JSON.stringify(summary)}, not ${toldOf(assembly)}`)
  const last = asked.at(-1)?.answer
  if (last === undefined) return wrong
  const { inputTokens = 0, outputTokens = 0 } = assembly
  if (inputTokens <= 0) wrong.push('no count of input tokens')
  if (last.isRemainder ? outputTokens < Math.max(1, last.outputTokens) : outputTokens !== last.outputTokens)
    wrong.push(`${outputTokens} output tokens, where the last attempt says ${last.outputTokens}`)
  return wrong
}

/** Text, calls and finish reason of exactly this answer? */
function isSaid(answer: Answer, { text, calls, order, finish }: Assembly): boolean {
  const kinds = answer
    .map(({ kind }) => kind)
    .filter((kind, index, all) => kind !== 'reasoning' && kind !== all[index - 1])
  return (
    text === textOf(answer) &&
    isDeepStrictEqual(
      calls.map(({ name, json }) => ({ name, json: parsed(json) })),
      callsOf(answer).map(({ name, json }) => ({ name, json: parsed(json) })),
    ) &&
    isDeepStrictEqual(
      order.filter((kind) => kind !== 'reasoning'),
      kinds,
    ) &&
    ['tool_calls', 'tool_use'].includes(finish ?? '') === calls.length > 0
  )
}

/**
 * Reasoning may begin again from its own beginning, and what comes again may be dropped. A signature belongs to exactly
 * the words it was made for.
 */
function wrongReasoning(whole: readonly Answer[], { reasoning }: Assembly, isSigned: boolean): string[] {
  const said = reasoning.map(({ text }) => text).join('')
  const [first = '', other = ''] = whole.map(reasoningOf)
  const shared = commonPrefix(said, first)
  const isExplained = Array.from({ length: shared + 1 }, (_, length) => said.slice(length)).some(
    (rest) => rest === '' || rest === other,
  )
  const wrong = isExplained || said === first ? [] : [`nobody thought this: ${JSON.stringify(said)}`]
  if (!isSigned) return wrong
  const blocks = whole.flat().filter((piece) => piece.kind === 'reasoning')
  const signedBlocks = blocks.filter(({ signature }) => signature !== undefined)
  for (const { text, signature } of reasoning) {
    const isRight =
      signature === undefined
        ? signedBlocks.length === 0
        : signedBlocks.some((block) => block.signature === signature && block.text === text)
    if (!isRight) wrong.push(`the signature ${signature} does not belong to ${JSON.stringify(text)}`)
  }
  return wrong
}

function commonPrefix(a: string, b: string): number {
  let length = 0
  while (length < a.length && a[length] === b[length]) length += 1
  return length
}

/** An error must say in the terms of its door what it is, and must not be the fallback's refusal. */
function wrongError({ door, recording }: Trial, error: unknown): string[] {
  const wrong = nameOf(error).includes(REFUSAL_MARK) ? ['the refusal of a prefill is shown'] : []
  if (!isTyped(error, door === 'library' ? 'library' : recording.dialect))
    wrong.push(`no typed error: ${nameOf(error)}`)
  return wrong
}

function isTyped(error: unknown, door: 'library' | 'openai' | 'anthropic'): boolean {
  switch (door) {
    case 'library':
      return error instanceof FailoverError
    case 'openai':
      return error instanceof OpenAI.APIError && typeof error.code === 'string'
    case 'anthropic':
      return error instanceof Anthropic.APIError && typeof error.type === 'string'
  }
}

function nameOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const body = 'error' in error ? JSON.stringify(error.error) : ''
  return `${error.name}: ${error.message} ${body}`
}

/** Every request must be the caller's, but for its model, and a prefill that was delivered. */
function wrongRequests(
  { recording, setting }: Trial,
  asked: readonly Asked[],
  sent: Readonly<Record<string, unknown>>,
): string[] {
  const wrong: string[] = []
  const { messages: ownMessages, model: _ownModel, ...own } = sent
  for (const { body, role } of asked) {
    const { messages, model: _model, ...rest } = body
    if (!isDeepStrictEqual(rest, own)) wrong.push(`${role} was asked otherwise: ${JSON.stringify(rest)}`)
    const prefill = prefillOf(body)
    const asIs = Array.isArray(messages) && prefill !== undefined ? messages.slice(0, -1) : messages
    if (!isDeepStrictEqual(asIs, ownMessages)) wrong.push(`${role} got other messages: ${JSON.stringify(messages)}`)
    if (prefill === undefined) continue
    if (setting === 'restarts-only' || !settingOf(setting).recovers)
      wrong.push('a prefill, although there must be none')
    if (prefill === '' || prefill !== prefill.trimEnd() || !textOf(recording.answer).startsWith(prefill))
      wrong.push(`${role} was given the prefill ${JSON.stringify(prefill)}`)
  }
  if (asked.length > MOST_ATTEMPTS) wrong.push(`${asked.length} attempts`)
  return wrong
}

/** Those of a request, and those of a recovery, by default. */
const MOST_ATTEMPTS = 10 + 4

function toldOf(assembly: Assembly): string {
  const { order } = assembly
  return JSON.stringify({ ...summaryOf(assembly), order })
}
