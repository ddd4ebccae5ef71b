import { APIError } from 'openai'
import { describe, expect, it } from 'vitest'
import { FailoverError } from '../../src/index.ts'
import { Dice } from '../simulation/random.ts'
import type { Assembly } from './assembly.ts'
import { startAssembly } from './assembly.ts'
import { requestOf } from './callers.ts'
import { answerWith, REFUSAL_MARK } from './fallback.ts'
import { allRecordings, type Recording } from './recordings.ts'
import { eventsIn } from './sse-text.ts'
import { parseTrial } from './trial.ts'
import { judge } from './verdict.ts'

const RECORDINGS = allRecordings()
const DIALECTS = ['openai', 'anthropic'] as const
const TEXT_END = { openai: 'cut-2000-fin', anthropic: 'cut-1500-fin' } as const

function recordingOf(name: string): Recording {
  const found = RECORDINGS.find((one) => one.name === name)
  if (found === undefined) throw new Error(`no recording ${name}`)
  return found
}

function assembled(
  { dialect, bytes }: Recording,
  change: (events: object[]) => object[] = (events) => events,
): Assembly {
  const assembly = startAssembly(dialect)
  for (const event of change(eventsIn(bytes))) assembly.take(event)
  return assembly
}

/** What is said against an answer that ended well, in a trial in which the fallback went on. */
function saidOf(id: string, assembly: Assembly): readonly string[] {
  const trial = parseTrial(id, RECORDINGS)
  const body = requestOf(trial, 't1')
  const answer = answerWith(trial.recording, trial.fallback, {
    prefill: undefined,
    inputTokens: 10,
    role: 'second',
    dice: new Dice(1),
  })
  const asked = [
    { role: 'first', body, answer: undefined },
    { role: 'second', body, answer: { ...answer, outputTokens: assembly.outputTokens ?? 0 } },
  ] as const
  const stage = { trial, dice: new Dice(1), asked: [...asked], silent: [] }
  return judge(stage, body, { kind: 'answered', assembly, summary: undefined }).violations
}

describe.each(DIALECTS)('the judge of streams that broke (%s)', (dialect) => {
  const trialOf = (name: string, fallback = 'restarting') =>
    `${dialect}/${name} ${TEXT_END[dialect]} ${fallback} unknown loop own standard`
  const recording = recordingOf(`${dialect}/prose`)
  const withText = (event: object) => /"(?:content|text)":"[^"]/.test(JSON.stringify(event))

  it('has nothing to say against a whole answer', () => {
    for (const one of RECORDINGS.filter(({ name }) => name.startsWith(`${dialect}/`) && !name.includes('chat-ok'))) {
      const [, name = ''] = one.name.split('/')
      expect(saidOf(trialOf(name), assembled(one)), one.name).toEqual([])
    }
  })

  it('sees what is missing, and what comes twice', () => {
    const last = (events: object[]) => events.findLastIndex(withText)
    expect(
      saidOf(
        trialOf('prose'),
        assembled(recording, (events) => events.toSpliced(last(events), 1)),
      ),
    ).toEqual([expect.stringContaining('no whole answer')])
    const doubled = (events: object[]) =>
      events.toSpliced(last(events), 0, ...events.slice(last(events), last(events) + 1))
    expect(saidOf(trialOf('prose'), assembled(recording, doubled))).toEqual([
      expect.stringContaining('no whole answer'),
    ])
  })

  it('sees an end without an end', () => {
    const cut = (events: object[]) => events.slice(0, events.findLastIndex(withText) + 1)
    expect(saidOf(trialOf('prose'), assembled(recording, cut))).toContainEqual(
      expect.stringContaining('ends without its end'),
    )
  })

  it('sees two ends, and two answers one after the other', () => {
    const twice = (events: object[]) => [...events, ...events]
    expect(saidOf(trialOf('prose'), assembled(recording, twice)).length).toBeGreaterThan(2)
  })

  it('sees a call that comes twice', () => {
    const calls = recordingOf(`${dialect}/parallel-calls`)
    const isOfCall = (event: object) => /tool_calls":\[|tool_use|input_json/.test(JSON.stringify(event))
    const again = (events: object[]) =>
      events.toSpliced(events.findLastIndex(isOfCall) + 1, 0, ...events.filter(isOfCall))
    expect(saidOf(trialOf('parallel-calls'), assembled(calls, again))).not.toEqual([])
  })

  it('sees the words of two answers in one', () => {
    const other = recordingOf(`${dialect}/refrain`)
    const mixed = (events: object[]) => {
      const texts = eventsIn(other.bytes).filter(withText).slice(5, 8)
      return events.toSpliced(events.findIndex(withText) + 2, 0, ...texts)
    }
    expect(saidOf(trialOf('prose', 'diverging-8'), assembled(recording, mixed))).not.toEqual([])
  })
})

describe('the judge of errors', () => {
  const trial = parseTrial('openai/prose cut-2000-fin restarting unknown loop own standard', RECORDINGS)
  const body = requestOf(trial, 't1')
  const raisedWith = (error: unknown, id?: string) => {
    const stage = {
      trial: id === undefined ? trial : parseTrial(id, RECORDINGS),
      dice: new Dice(1),
      asked: [],
      silent: [],
    }
    return judge(stage, body, { kind: 'raised', error, assembly: startAssembly('openai') }).violations
  }
  const told = new APIError(undefined, { message: 'It broke.', code: 'stream_interrupted' }, 'It broke.', new Headers())

  it('lets none pass where the whole answer is promised', () => {
    expect(raisedWith(told)).toEqual([expect.stringContaining('promised')])
  })

  it('lets one pass where nothing is promised, if it says what it is', () => {
    const diverging = 'openai/prose cut-2000-fin diverging-1 unknown loop own standard'
    expect(raisedWith(told, diverging)).toEqual([])
    expect(raisedWith(new TypeError('terminated'), diverging)).toEqual([expect.stringContaining('no typed error')])
    expect(raisedWith(new FailoverError('TIMEOUT', 'late'), diverging)).toEqual([
      expect.stringContaining('no typed error'),
    ])
  })

  it('sees that the refusal of a prefill is shown', () => {
    const shown = new APIError(400, { message: REFUSAL_MARK, code: 'x' }, REFUSAL_MARK, new Headers())
    expect(raisedWith(shown)).toContain('the refusal of a prefill is shown')
  })
})
