import type { RuleTable } from '../rule.ts'

/** Providers that say some things in a way of their own. Adding one here is all a new provider takes. */
export const PROVIDER_TABLES: ReadonlyMap<string, RuleTable> = new Map([])

/** Other names of the same providers. */
export const PROVIDER_ALIASES: ReadonlyMap<string, string> = new Map([])
