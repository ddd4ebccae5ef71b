/** `hotspare/http`: real providers over HTTP. */
export type { HttpProvider } from './http-provider.ts'
export { HttpProviders, httpProviders } from './http-providers.ts'
export type { HttpProviderDefinition, HttpProvidersOptions } from './options.ts'
export { textOf } from './text-of.ts'
export { WELL_KNOWN, type WellKnownProvider } from './well-known.ts'
