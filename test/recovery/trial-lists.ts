import { Dice } from '../simulation/random.ts'
import { reasoningOf, textOf } from './answer.ts'
import { AFTER_ERROR, type Breaking, ENDINGS, ERROR_KINDS, placesIn } from './breaking.ts'
import type { Fallback } from './fallback.ts'
import type { Recording } from './recordings.ts'
import type { SettingName } from './settings.ts'
import { DOORS, type DoorName, type Trial } from './trial.ts'

/** Another answer is told from a continuation by so many characters at its beginning. */
const ECHO_CHARACTERS = 24

/** Every fallback that makes a difference after this answer. */
function fallbacksFor({ answer }: Recording): Fallback[] {
  const characters = textOf(answer).length
  const diverging = [1, 8, 30].filter((after) => after < characters).map((after): Fallback => `diverging-${after}`)
  return [
    'continuing',
    'incapable',
    'restarting',
    'faltering',
    ...(reasoningOf(answer) === '' ? [] : (['rethinking'] as const)),
    ...diverging,
  ]
}

/**
 * May a configuration say that this fallback takes a prefill? One that gives another answer from its beginning on is not
 * told from one that continues: whoever says so of it is beyond help.
 */
function mayBeKnown(fallback: Fallback): boolean {
  const [, after] = fallback.split('diverging-')
  return after === undefined || Number(after) >= ECHO_CHARACTERS
}

interface Choice {
  readonly fallback: Fallback
  readonly door: DoorName
}

function choicesFor(recording: Recording): Choice[] {
  return fallbacksFor(recording).flatMap((fallback) => DOORS.map((door) => ({ fallback, door })))
}

function trialOf(recording: Recording, breaking: Breaking, choice: Choice, setting: SettingName, dice: Dice): Trial {
  return {
    recording,
    breaking,
    ...choice,
    isPrefillKnown: mayBeKnown(choice.fallback) && dice.chance(0.5),
    isShared: dice.chance(0.3),
    setting,
  }
}

/** `response_format` makes the SDK's helper parse the text, which is none that can be parsed. */
function fitsSetting({ door }: Choice, setting: SettingName): boolean {
  return setting !== 'structured' || door !== 'helper'
}

const OTHER_SETTINGS = ['passing', 'restarts-only', 'off', 'structured'] as const

/**
 * Every cut, every stall and every error, with every fallback through every door. How a cut ends, which error it is, and
 * whether the prefill is known, is left to chance.
 */
export function* everyTrial(recordings: readonly Recording[], seed: number): Generator<Trial> {
  const dice = new Dice(seed)
  for (const recording of recordings) yield* trialsWith(recording, dice)
}

function* trialsWith(recording: Recording, dice: Dice): Generator<Trial> {
  const choices = choicesFor(recording)
  const withAll = (breaking: () => Breaking, setting: () => SettingName) =>
    choices.flatMap((choice) => {
      const name = setting()
      return fitsSetting(choice, name) ? [trialOf(recording, breaking(), choice, name, dice)] : []
    })
  yield* withAll(
    () => ({ kind: 'none' }),
    () => dice.pick(['standard', ...OTHER_SETTINGS]),
  )
  for (let at = 0; at <= recording.bytes.length; at++)
    yield* withAll(
      () => cutAt(at, dice),
      () => 'standard',
    )
  for (const at of placesIn(recording)) {
    yield* withAll(
      () => cutAt(at, dice),
      () => dice.pick(OTHER_SETTINGS),
    )
    yield* withAll(
      () => errorAt(at, dice),
      () => 'standard',
    )
    yield* withAll(
      () => ({ kind: 'stall', at }),
      () => stallSetting(dice),
    )
  }
}

/** So many trials of every kind, at random. */
export function someTrials(recordings: readonly [Recording, ...Recording[]], dice: Dice, count: number): Trial[] {
  return Array.from({ length: count }, () => {
    const recording = dice.pick(recordings)
    const [breaking, setting] = dice.pick(KINDS)(recording, dice)
    const [first = { fallback: 'restarting', door: 'loop' } as const, ...others] = choicesFor(recording).filter(
      (choice) => fitsSetting(choice, setting),
    )
    return trialOf(recording, breaking, dice.pick([first, ...others]), setting, dice)
  })
}

type Kind = (recording: Recording, dice: Dice) => [Breaking, SettingName]

const atByte: Kind = ({ bytes }, dice) => [cutAt(dice.int(0, bytes.length), dice), 'standard']
const KINDS: readonly [Kind, ...Kind[]] = [
  atByte,
  atByte,
  atByte,
  (recording, dice) => [cutAt(placeIn(recording, dice), dice), dice.pick(OTHER_SETTINGS)],
  (recording, dice) => [errorAt(placeIn(recording, dice), dice), 'standard'],
  (recording, dice) => [{ kind: 'stall', at: placeIn(recording, dice) }, stallSetting(dice)],
]

function placeIn(recording: Recording, dice: Dice): number {
  return dice.maybe(placesIn(recording)) ?? 0
}

function cutAt(at: number, dice: Dice): Breaking {
  return { kind: 'cut', at, ending: dice.pick(ENDINGS) }
}

function errorAt(at: number, dice: Dice): Breaking {
  return { kind: 'error', at, error: dice.pick(ERROR_KINDS), after: dice.pick(AFTER_ERROR) }
}

function stallSetting(dice: Dice): SettingName {
  return dice.pick(['played', 'played-long', 'played-passing'])
}
