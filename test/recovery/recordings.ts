import { readFileSync } from 'node:fs'
import { type Answer, byTwoWords, byWords, type DialectName, type Hand, throughPairs, type Written } from './answer.ts'
import { writeAnthropic } from './anthropic-hand.ts'
import { type Assembly, startAssembly } from './assembly.ts'
import { writeOpenAi } from './openai-hand.ts'
import { bordersIn, eventsIn } from './sse-text.ts'

/** A whole answer as a provider streamed it, byte for byte. */
export interface Recording {
  readonly name: string
  readonly dialect: DialectName
  readonly answer: Answer
  readonly bytes: Buffer
  /** Where its events end, in bytes. */
  readonly borders: readonly number[]
  /** Members of the request that such an answer follows from. */
  readonly asks: Readonly<Record<string, unknown>>
}

const PROSE =
  'Grüße 👋🏽 aus 日本! Every word of this arrives once,\n\n- whole,\n- in order   \n\tand with  its white space. “Fin” 🎉'
/** Its beginning comes again and again, so that a repetition can hardly be told from a continuation. */
const REFRAIN = `${'Row, row, row your boat. '.repeat(4)}Gently down the stream; ${'row, row, row your boat. '.repeat(2)}End.`
const THOUGHT = 'Let me think… 想一想. First the weather, 🌦 then the time; that should do.'
const WEATHER = { kind: 'call', name: 'get_weather', json: '{"city": "München", "days": [1, 2]}' } as const
const TIME = { kind: 'call', name: 'get_time', json: '{"zone":"Europe/Berlin","note":"\\"🎉\\""}' } as const
const text = (said: string) => ({ kind: 'text', text: said }) as const
const thought = { kind: 'reasoning', text: THOUGHT } as const
const signed = { ...thought, signature: 'EqQBCgIYAhIkY2FmZQ==' } as const

interface Spec {
  readonly answer: Answer
  readonly hand?: Partial<Hand>
}

const BOTH: Readonly<Record<string, Spec>> = {
  prose: { answer: [text(PROSE)] },
  'escaped-crlf': {
    answer: [text(PROSE)],
    hand: { isEscaped: true, newline: '\r\n', split: throughPairs, hasPings: true },
  },
  refrain: { answer: [text(REFRAIN)], hand: { hasPings: true } },
  reasoning: { answer: [thought, text(PROSE)], hand: { hasPings: true } },
  'tool-call': { answer: [text('Let me check that for you: '), WEATHER] },
  'parallel-calls': { answer: [WEATHER, TIME], hand: { newline: '\r\n' } },
  everything: {
    answer: [thought, text('I shall look up both, 🎉 one moment.'), WEATHER, TIME],
    hand: { hasPings: true },
  },
}

const MESSAGES: Readonly<Record<string, Spec>> = {
  signed: { answer: [signed, text(PROSE)] },
  'signed-calls': { answer: [signed, text('I shall look up both.'), WEATHER, TIME], hand: { isEscaped: true } },
  blocks: { answer: [text('One block says this. '), text('Another 🎉 says that.\n'), text(' A third ends it.')] },
  'blocks-call': { answer: [text('First this, '), WEATHER, text('then that, '), TIME] },
}

const FIXTURES: Readonly<Record<DialectName, readonly string[]>> = {
  openai: [
    'openai-chat-ok-crlf',
    'openai-chat-ok-nospace-comments-bom',
    'deepseek-chat-ok-keepalive-reasoning',
    'azure-chat-ok-prompt-filter-first',
  ],
  anthropic: ['anthropic-ok-text-crlf', 'anthropic-ok-text-ping', 'anthropic-ok-thinking', 'anthropic-ok-tool-use'],
}

/** Every recording there is. */
export function allRecordings(): Recording[] {
  const specs: [DialectName, Readonly<Record<string, Spec>>][] = [
    ['openai', BOTH],
    ['anthropic', { ...BOTH, ...MESSAGES }],
  ]
  const invented = specs.flatMap(([dialect, named]) =>
    Object.entries(named).map(([name, spec]) => invent(`${dialect}/${name}`, dialect, spec)),
  )
  const recorded = (['openai', 'anthropic'] as const).flatMap((dialect) =>
    FIXTURES[dialect].map((file) => readFixture(file, dialect)),
  )
  return [...invented, ...recorded]
}

/** One of text alone, of so many tokens, no two of them alike. */
export function longRecording(dialect: DialectName, tokens: number): Recording {
  const words = Array.from({ length: tokens }, (_, index) => `w${index}`)
  return invent(`${dialect}/long-${tokens}`, dialect, { answer: [text(words.join(' '))], hand: { split: byWords } })
}

export function write(dialect: DialectName, answer: Answer, hand: Hand): Written {
  return dialect === 'openai' ? writeOpenAi(answer, hand) : writeAnthropic(answer, hand)
}

const USUAL_HAND: Hand = {
  id: 'firstA1b2C3',
  model: 'first-model-2026',
  created: 1_770_933_892,
  newline: '\n',
  isEscaped: false,
  hasPings: false,
  hasUsage: true,
  inputTokens: 1_000,
  split: byTwoWords,
}

function invent(name: string, dialect: DialectName, { answer, hand }: Spec): Recording {
  return record(name, dialect, Buffer.from(write(dialect, answer, { ...USUAL_HAND, ...hand }).events.join('')), answer)
}

function readFixture(file: string, dialect: DialectName): Recording {
  const bytes = readFileSync(new URL(`../fixtures/streams/${file}.txt`, import.meta.url))
  const assembly = startAssembly(dialect)
  for (const event of eventsIn(bytes)) assembly.take(event)
  return record(`${dialect}/${file}`, dialect, bytes, answerOf(assembly))
}

/** The pieces of an answer in which each kind of piece has its one place. */
function answerOf({ text: said, reasoning, calls, finish, breaches }: Assembly): Answer {
  if (finish === undefined || breaches.length > 0) throw new Error(`no whole answer: ${breaches.join()}`)
  return [
    ...reasoning.map(({ text: words, signature }) => ({
      kind: 'reasoning' as const,
      text: words,
      ...(signature !== undefined && { signature }),
    })),
    ...(said === '' ? [] : [text(said)]),
    ...calls.map(({ name, json }) => ({ kind: 'call' as const, name, json })),
  ]
}

function record(name: string, dialect: DialectName, bytes: Buffer, answer: Answer): Recording {
  const has = (kind: string) => answer.some((piece) => piece.kind === kind)
  return {
    name,
    dialect,
    answer,
    bytes,
    borders: bordersIn(bytes),
    asks: { ...(has('call') && { tools: toolsOf(dialect) }), ...(has('reasoning') && THINKING[dialect]) },
  }
}

const THINKING = {
  openai: { reasoning_effort: 'low' },
  anthropic: { thinking: { type: 'enabled', budget_tokens: 1_024 } },
} as const

function toolsOf(dialect: DialectName): object[] {
  return ['get_weather', 'get_time'].map((name) => {
    const schema = { type: 'object', properties: {} }
    return dialect === 'openai'
      ? { type: 'function', function: { name, parameters: schema } }
      : { name, input_schema: schema }
  })
}
