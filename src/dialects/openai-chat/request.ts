import { asObject } from '../json.ts'
import { pathOf, VERSION_SEGMENT, withPath } from '../url-path.ts'

const ENDPOINT = '/chat/completions'

/**
 * Models that reason refuse `max_tokens` with a 400, which shows that they are there as well as an answer does, and
 * costs nothing: https://developers.openai.com/api/reference/resources/chat
 */
export const PROBE = { messages: [{ role: 'user', content: 'Hi' }], max_tokens: 1 }

/**
 * `…/v1/chat/completions`. A path that already holds a version (`/openai/v1`, `/api/paas/v4`, `/v1beta/openai`), an
 * Azure deployment (whose version is in the query) or the endpoint itself is kept, and so is one that ends in `beta`, in
 * a version's place: https://api-docs.deepseek.com/guides/chat_prefix_completion
 */
export function endpointOf(baseUrl: URL): URL {
  const path = pathOf(baseUrl)
  if (path.endsWith(ENDPOINT)) return withPath(baseUrl, path)
  const segments = path.split('/')
  const isVersioned =
    segments.at(-1) === 'beta' || segments.some((segment) => VERSION_SEGMENT.test(segment) || segment === 'deployments')
  return withPath(baseUrl, isVersioned ? `${path}${ENDPOINT}` : `${path}/v1${ENDPOINT}`)
}

export function authHeaders(apiKey: string): Record<string, string> {
  return { authorization: `Bearer ${apiKey}` }
}

export function isStreaming(request: unknown): boolean {
  return asObject(request)?.stream === true
}
