import { describe, expect, it } from 'vitest'
import { DEFAULT_ANSWER, faults } from '../../src/testing/index.ts'
import { DOORS, type Outcome } from '../support/doors.ts'
import { PlayedClock } from '../support/virtual-time.ts'
import { type Setting, World, type WorldOptions } from './world.ts'

/**
 * The sixteen faults of the public crash test failoverbench (September 2026), over the library and through the gateway,
 * on real HTTP.
 */
const SETTINGS = DOORS.flatMap((door) =>
  (['openai', 'anthropic'] as const).flatMap((dialect) =>
    [true, false].flatMap((isStreaming) =>
      (['shared', 'own'] as const).map((layout) => ({
        door,
        dialect,
        isStreaming,
        layout,
        over: door === 'library' ? dialect : `the gateway in ${dialect}`,
      })),
    ),
  ),
)

describe.for(SETTINGS)(
  'over $over, streaming $isStreaming, hosts and keys $layout',
  { concurrent: true },
  ({ over: _, ...setting }) => {
    async function play(
      options: Omit<WorldOptions, keyof Setting>,
      check: (outcome: Outcome, world: World) => void,
    ): Promise<void> {
      await using world = await World.start({ ...setting, ...options })
      check(await world.ask(), world)
      // Whatever happened to the primary must not have taken its host and key away from others.
      expect(await world.askHealthy()).toMatchObject({ kind: 'answered', text: DEFAULT_ANSWER })
    }

    const answeredBy = (model: string) => ({ kind: 'answered', text: DEFAULT_ANSWER, model, hasUsage: true })
    // Anthropic's streams name the model once, in their first event, which came before the break.
    const isNamedOnce = setting.dialect === 'anthropic' && setting.isStreaming
    const goneOnWith = answeredBy(isNamedOnce ? 'primary-model' : 'fallback-model')

    it('S01: a 429 with Retry-After: 2 is answered without asking that target again too soon', () =>
      play({ primary: faults.once(faults.rateLimited({ retryAfterSeconds: 2 })) }, (outcome, world) => {
        expect(outcome).toMatchObject({ kind: 'answered', text: DEFAULT_ANSWER })
        expect(world.primaryAttempts().filter((at) => at > 0 && at < 1_800)).toEqual([])
      }))

    it('S02: a 429 for ever, without a hint, is left for the fallback', () =>
      play({ primary: faults.rateLimited() }, (outcome, world) => {
        expect(outcome).toMatchObject(answeredBy('fallback-model'))
        expect(world.primaryAttempts().filter((at) => at <= 3_000).length).toBeLessThanOrEqual(4)
        expect(world.primaryAttempts().length).toBeLessThanOrEqual(6)
      }))

    it('S03: a single 500 is retried on the same provider', () =>
      play({ primary: faults.once(faults.serverError(500)) }, (outcome, world) => {
        expect(outcome).toMatchObject(answeredBy('primary-model'))
        expect(world.primaryAttempts()).toHaveLength(2)
      }))

    it('S04, S16: a 503 for ever is left for the fallback after few attempts', () =>
      play({ primary: faults.unavailable() }, (outcome, world) => {
        expect(outcome).toMatchObject(answeredBy('fallback-model'))
        expect(world.primaryAttempts().length).toBeLessThanOrEqual(6)
      }))

    it('S05: a connection reset before the headers is answered, once or for ever', async () => {
      await play({ primary: faults.once(faults.resetBeforeHeaders()) }, (outcome) =>
        expect(outcome).toMatchObject({ kind: 'answered', text: DEFAULT_ANSWER }),
      )
      await play({ primary: faults.resetBeforeHeaders() }, (outcome) =>
        expect(outcome).toMatchObject(answeredBy('fallback-model')),
      )
    })

    it('S06: silence is given up, and the silent target is tried exactly once', () =>
      play({ primary: faults.silent() }, (outcome, world) => {
        expect(outcome).toMatchObject(answeredBy('fallback-model'))
        expect(outcome.tookMs).toBeLessThan(100_000)
        expect(world.primaryAttempts()).toHaveLength(1)
      }))

    it('S07: a first token that comes too late is not waited for', () =>
      play({ primary: faults.slowFirstToken(20_000) }, (outcome, world) => {
        expect(outcome).toMatchObject(answeredBy('fallback-model'))
        expect(outcome.tookMs).toBeLessThan(12_000)
        expect(world.primaryAttempts()).toHaveLength(1)
      }))

    it('S08: an answer cut after 40 of 60 tokens is gone on with, and nothing is doubled', () =>
      play({ primary: faults.cutAfter(40) }, (outcome) => {
        expect(outcome).toMatchObject(goneOnWith)
      }))

    it('S09: an answer that stalls for 30 s after 20 tokens is whole within 15 s', () =>
      play({ primary: faults.stallAfter(20, 30_000) }, (outcome, world) => {
        expect(outcome).toMatchObject(goneOnWith)
        expect(outcome.tookMs).toBeLessThan(15_000)
        expect(world.primaryAttempts()).toHaveLength(1)
      }))

    // A malformed event and a missing end mark are faults of streams.
    if (setting.isStreaming) {
      it('S08, S09 where the models are known to take a prefill: only the rest is asked for, or all of it is told anew', async () => {
        for (const prefill of ['continue', 'restart'] as const) {
          for (const primary of [
            faults.cutAfter(40),
            faults.errorAfter(20),
            faults.resetAfter(50),
            faults.noFinish(),
          ]) {
            await play({ primary, prefill, isPrefillKnown: true }, (outcome) =>
              expect(outcome).toMatchObject(goneOnWith),
            )
          }
        }
      })

      it('S10: one malformed event is skipped', () =>
        play({ primary: faults.malformedAfter(20) }, (outcome) =>
          expect(outcome).toMatchObject(answeredBy('primary-model')),
        ))

      it('S11: an answer without its end mark is complete within 8 s', () =>
        play({ primary: { ...faults.noDone(), stayOpen: true } }, (outcome) => {
          expect(outcome).toMatchObject(answeredBy('primary-model'))
          expect(outcome.tookMs).toBeLessThan(8_000)
        }))
    }

    it('S12: a context that is too long is tried once, then on the fallback, whose window is not known', () =>
      play({ primary: faults.contextLength() }, (outcome, world) => {
        expect(outcome).toMatchObject(answeredBy('fallback-model'))
        expect(world.primaryAttempts()).toHaveLength(1)
      }))

    it('S13: a refusal by a content filter goes back to the caller after one attempt', () =>
      play({ primary: faults.contentFilter() }, (outcome, world) => {
        const error =
          setting.door === 'library'
            ? { code: 'REQUEST_REJECTED', reason: 'content_policy', status: 400 }
            : // The provider's own words.
              { message: expect.stringMatching(/^(The response was filtered|Output blocked) /), status: 400 }
        expect(outcome).toMatchObject({ kind: 'failed', error })
        expect(world.primaryAttempts()).toHaveLength(1)
        expect(world.fallbackAttempts()).toBe(0)
      }))

    it('S14: an answer cut midway is whole, although the fallback refuses a prefill, whether it was known to take one or not', async () => {
      for (const isPrefillKnown of [false, true]) {
        await play({ primary: faults.cutAfter(40), prefill: 'reject', isPrefillKnown }, (outcome) =>
          expect(outcome).toMatchObject(goneOnWith),
        )
      }
    })

    it('S15: while the primary is down for a minute all is served, and it is back within 15 s of its recovery', async () => {
      const clock = new PlayedClock()
      const startedAt = clock.now()
      await using world = await World.start({
        ...setting,
        clock,
        primary: faults.unavailable(),
        primaryUntilMs: 60_000,
      })
      const servedByPrimary: number[] = []
      for (let beat = 0; beat < 80_000; beat += 4_000) {
        await clock.advance(startedAt + beat - clock.now())
        const outcome = await world.ask()
        expect(outcome).toMatchObject({ kind: 'answered', text: DEFAULT_ANSWER, hasUsage: true })
        if (outcome.kind === 'answered' && outcome.model === 'primary-model') servedByPrimary.push(beat)
      }
      const [backAt = Number.POSITIVE_INFINITY] = servedByPrimary
      expect(backAt).toBeGreaterThanOrEqual(60_000)
      expect(backAt).toBeLessThanOrEqual(75_000)
      expect(servedByPrimary).toHaveLength((80_000 - backAt) / 4_000)
      expect(world.primaryAttempts().filter((at) => at < 60_000).length).toBeLessThanOrEqual(6)
    })
  },
)
