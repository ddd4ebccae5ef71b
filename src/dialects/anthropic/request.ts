import { asObject } from '../json.ts'
import { pathOf, VERSION_SEGMENT, withPath } from '../url-path.ts'

/** https://platform.claude.com/docs/en/api/versioning */
export const ANTHROPIC_VERSION = '2023-06-01'

export const PROBE = { messages: [{ role: 'user', content: 'Hi' }], max_tokens: 1 }

/**
 * `…/v1/messages`. Base URLs of this dialect customarily have no version, so that only one at the very end counts:
 * `https://gateway.example/v1/account/anthropic` still gets `/v1/messages`.
 */
export function endpointOf(baseUrl: URL): URL {
  const path = pathOf(baseUrl)
  const [last = '', beforeLast = ''] = path.split('/').reverse()
  if (last === 'messages' && VERSION_SEGMENT.test(beforeLast)) return withPath(baseUrl, path)
  return withPath(baseUrl, VERSION_SEGMENT.test(last) ? `${path}/messages` : `${path}/v1/messages`)
}

export function authHeaders(apiKey: string): Record<string, string> {
  return { 'x-api-key': apiKey }
}

export function isStreaming(request: unknown): boolean {
  return asObject(request)?.stream === true
}
