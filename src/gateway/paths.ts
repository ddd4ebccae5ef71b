import { anthropicMessages, type Dialect, openaiChat } from '../dialects/index.ts'

/** The paths whose requests go on to a provider, and the dialect each of them speaks. */
export const PROXIED_PATHS: ReadonlyMap<string, Dialect> = new Map([
  ['/v1/chat/completions', openaiChat],
  ['/v1/messages', anthropicMessages],
])
