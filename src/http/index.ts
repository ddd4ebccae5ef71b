/** `hotspare/http`: real providers over HTTP. */

export { WELL_KNOWN, type WellKnownProvider } from '../upstream/index.ts'
export type { HttpProvider } from './http-provider.ts'
export { HttpProviders, httpProviders } from './http-providers.ts'
export type { HttpProviderDefinition, HttpProvidersOptions } from './options.ts'
export { textOf } from './text-of.ts'
