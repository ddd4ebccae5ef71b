/** The configuration file: finds it, checks it, and turns it into what the engine and the gateway take. */
export { type LoadOptions, loadConfiguration } from './load.ts'
export { formatMistake } from './mistakes.ts'
export { loadSettings } from './settings.ts'
export type { DisabledProfile, Setup } from './setup.ts'
export { createManager } from './to-options.ts'
