import { describe, expect, it } from 'vitest'
import { httpProviders } from '../../src/http/index.ts'
import { classifyFailure, FailoverManager, type Failure } from '../../src/index.ts'
import { type DoorName, openDoor } from '../support/doors.ts'
import { type LabelledAnswer, labelledAnswers } from '../support/labelled-answers.ts'
import { reply, startRawServer } from '../support/raw-server.ts'

/** What a server may not be told to send, since it would say something else about the bytes. */
const OF_THE_WIRE = new Set(['content-length', 'content-encoding', 'transfer-encoding', 'connection'])

/** Answers with a status of their own, as they came over the wire. */
const refusals = labelledAnswers.filter(({ status }) => status !== null && status >= 400)

describe('labelled answers of providers, over real sockets', () => {
  it('mean the same in the library, through the gateway, and to classifyFailure', async () => {
    let answer: Buffer = reply('')
    await using server = await startRawServer((socket) => socket.write(answer))
    for (const sample of refusals) {
      const headers = Object.fromEntries(Object.entries(sample.headers).filter(([name]) => !OF_THE_WIRE.has(name)))
      const body =
        typeof sample.body === 'string' ? sample.body : sample.body === null ? '' : JSON.stringify(sample.body)
      const status = sample.status ?? 500
      answer = reply(body, { status, headers })
      const direct = classifyFailure({ provider: sample.provider, dialect: 'openai', status, headers, body })
      for (const door of ['library', 'gateway'] as const) {
        const failure = await failureThrough(door, sample, server.url)
        expect(essence(failure), `${sample.id} through the ${door}`).toEqual(essence(direct))
      }
    }
  })
})

/** What the engine took the first try's answer for. */
async function failureThrough(
  name: DoorName,
  { provider }: LabelledAnswer,
  baseUrl: string,
): Promise<Failure | undefined> {
  await using registry = httpProviders({ providers: { [provider]: { dialect: 'openai', baseUrl } } })
  const profiles = [{ id: `${provider}:a`, apiKey: 'sk-for-tests-0000' }]
  const manager = new FailoverManager({ registry, profiles, budget: { maxAttempts: 1 }, wait: { maxMs: 0 } })
  let failure: Failure | undefined
  manager.on('attempt_failed', (event) => {
    failure ??= event.failure
  })
  await using door = await openDoor(name, manager, { dialect: 'openai', isStreaming: false })
  await door.ask(`${provider}/some-model`)
  return failure
}

/** The verdict; what is said beside it may have been masked, and a wait until a date depends on the present. */
function essence(failure: Failure | undefined): object {
  const { reason, scope, nextStep, ruleId, isRetryable, mayRetryTarget, confidence, limitWindowMs } =
    failure ?? ({} as Partial<Failure>)
  return {
    reason,
    scope,
    nextStep,
    ruleId,
    isRetryable,
    mayRetryTarget,
    confidence,
    limitWindowMs,
    hasHint: failure?.retryAfterMs !== undefined,
  }
}
