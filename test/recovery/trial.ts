import { type Breaking, nameOf, parseBreaking } from './breaking.ts'
import type { Fallback } from './fallback.ts'
import type { Recording } from './recordings.ts'
import type { SettingName } from './settings.ts'

/** The SDK's own assembling, a plain loop over its stream, or `manager.call`. */
export const DOORS = ['helper', 'loop', 'library'] as const
export type DoorName = (typeof DOORS)[number]

/** One request: what is asked, how the first answer breaks, and who goes on with it. */
export interface Trial {
  readonly recording: Recording
  readonly breaking: Breaking
  readonly fallback: Fallback
  /** Does the configuration say that the fallback takes a prefill? */
  readonly isPrefillKnown: boolean
  readonly door: DoorName
  /** Do the first target and the fallback share host and key? */
  readonly isShared: boolean
  readonly setting: SettingName
}

/** Enough to run it again. */
export function idOf(trial: Trial): string {
  const { recording, breaking, fallback, isPrefillKnown, door, isShared, setting } = trial
  const known = isPrefillKnown ? 'known' : 'unknown'
  return [recording.name, nameOf(breaking), fallback, known, door, isShared ? 'shared' : 'own', setting].join(' ')
}

/** @throws where no recording goes by its name */
export function parseTrial(id: string, recordings: readonly Recording[]): Trial {
  const [name, breaking = '', fallback, known, door, layout, setting] = id.split(' ')
  const recording = recordings.find((one) => one.name === name)
  if (recording === undefined) throw new Error(`no recording ${name}: ${recordings.map((one) => one.name).join(', ')}`)
  return {
    recording,
    breaking: parseBreaking(breaking),
    // Ids are made by `idOf`.
    fallback: fallback as Fallback,
    isPrefillKnown: known === 'known',
    door: door as DoorName,
    isShared: layout === 'shared',
    setting: setting as SettingName,
  }
}
