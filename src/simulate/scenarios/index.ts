import type { ScenarioInput } from '../scenario-schema.ts'
import { KEYS } from './keys.ts'
import { LIMITS } from './limits.ts'
import { OUTAGES } from './outages.ts'
import { TROUBLES } from './troubles.ts'

/** The scenarios that come with the package, by name, as a file would say them. */
export const LIBRARY: Readonly<Record<string, ScenarioInput>> = { ...OUTAGES, ...KEYS, ...LIMITS, ...TROUBLES }
