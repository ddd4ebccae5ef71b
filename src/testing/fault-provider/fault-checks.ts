import { invalidOption } from '../../failure/index.ts'
import { type Answer, FINISH_REASONS, type ToolCall } from './answer.ts'
import { ERROR_KINDS, type Fault, type FaultRule } from './fault.ts'
import {
  type Check,
  type Checks,
  hasFields,
  isAnything,
  isDuration,
  isFlag,
  isFunction,
  isListOf,
  isMapOf,
  isOneOf,
  isOneOrMore,
  isPositive,
  isText,
  isWhole,
} from './option-checks.ts'
import { PREFILL_MODES } from './prefill.ts'

const TOOL_CALL: Checks<ToolCall> = { name: isText, arguments: isAnything, id: isText }

const ANSWER: Checks<Answer> = {
  text: isText,
  reasoning: isText,
  toolCalls: isListOf(hasFields(TOOL_CALL, ['name', 'arguments'])),
  finishReason: isOneOf(FINISH_REASONS),
}

export const checkAnswer: Check = (path, value) => {
  if (typeof value !== 'string' && typeof value !== 'function') hasFields(ANSWER)(path, value)
}

const isCount = isWhole(0)

const FAULT: Checks<Fault> = {
  name: isText,
  times: isWhole(1),
  status: isWhole(200, 599),
  headers: isMapOf(isOneOrMore(isText)),
  body: isAnything,
  error: isOneOf(ERROR_KINDS),
  delayHeadersMs: isDuration,
  silence: isFlag,
  resetBeforeHeaders: isFlag,
  cutBeforeHeaders: isFlag,
  firstTokenDelayMs: isDuration,
  tokenDelayMs: isDuration,
  stallAfterTokens: isCount,
  stallMs: isDuration,
  pingEveryMs: isPositive,
  cutAfterTokens: isCount,
  cutAfterBytes: isCount,
  resetAfterTokens: isCount,
  resetAfterBytes: isCount,
  endAfterTokens: isCount,
  endAfterBytes: isCount,
  errorAfterTokens: isCount,
  malformedAfterTokens: isCount,
  malformed: isText,
  omitFinish: isFlag,
  omitUsage: isFlag,
  omitDone: isFlag,
  stayOpen: isFlag,
  contentLengthExtra: isCount,
  answer: checkAnswer,
  prefill: isOneOf(PREFILL_MODES),
}

/** Fields of which one alone can be meant. */
const ALTERNATIVES: readonly (readonly (keyof Fault)[])[] = [
  ['cutAfterTokens', 'cutAfterBytes', 'resetAfterTokens', 'resetAfterBytes', 'endAfterTokens', 'endAfterBytes'],
  ['silence', 'resetBeforeHeaders', 'cutBeforeHeaders'],
  ['body', 'error'],
]

/** Fields that do nothing without another one. */
const COMPANIONS: readonly (readonly [field: keyof Fault, needs: keyof Fault])[] = [
  ['stallMs', 'stallAfterTokens'],
  ['malformed', 'malformedAfterTokens'],
]

export const checkFault: Check = (path, value) => {
  hasFields(FAULT)(path, value)
  const fault = value as Fault
  for (const fields of ALTERNATIVES) {
    const [first, second] = fields.filter((field) => fault[field] !== undefined && fault[field] !== false)
    if (second !== undefined)
      throw invalidOption(`${path}.${second}`, fault[second], `${first} is there already: use one of them`)
  }
  for (const [field, needs] of COMPANIONS) {
    if (fault[field] !== undefined && fault[needs] === undefined) {
      throw invalidOption(`${path}.${field}`, fault[field], `it does nothing without ${needs}`)
    }
  }
}

const RULE: Checks<FaultRule> = {
  fault: isOneOrMore(checkFault),
  model: isOneOrMore(isText),
  key: isOneOrMore(isText),
  path: isText,
  stream: isFlag,
  when: isFunction,
  fromMs: isDuration,
  untilMs: isDuration,
  times: isWhole(1),
}

export const checkRule: Check = (path, value) => {
  hasFields(RULE, ['fault'])(path, value)
  const { fromMs = 0, untilMs } = value as FaultRule
  if (untilMs !== undefined && untilMs <= fromMs) {
    throw invalidOption(`${path}.untilMs`, untilMs, `use more than fromMs, which is ${fromMs}`)
  }
}
