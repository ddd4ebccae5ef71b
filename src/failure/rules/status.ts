import type { Rule } from '../rule.ts'

const HTTP = 'https://www.rfc-editor.org/rfc/rfc9110#section-15'
const CLOUDFLARE = 'https://developers.cloudflare.com/support/troubleshooting/http-status-codes/cloudflare-5xx-errors/'

/** What is left when nothing but the status tells. The last rules take every status from 100 to 599. */
export const statusRules: readonly Rule[] = [
  {
    // A page instead of the API's own 403: a firewall refuses our address; the key was never looked at.
    id: 'status.403_edge',
    reason: 'permission',
    scope: 'provider',
    nextStep: 'next_provider',
    when: { status: [403], isHtml: true },
    source: 'https://developers.cloudflare.com/support/troubleshooting/http-status-codes/cloudflare-1xxx-errors/',
  },
  { id: 'status.401', reason: 'auth', when: { status: [401] }, source: HTTP },
  {
    // A proxy of our own side wants credentials; the provider was not reached.
    id: 'status.407',
    reason: 'network',
    when: { status: [407] },
    source: HTTP,
  },
  { id: 'status.525', reason: 'network', when: { status: [525, 526] }, source: CLOUDFLARE },
  { id: 'status.402', reason: 'billing', when: { status: [402] }, source: HTTP },
  { id: 'status.403', reason: 'permission', when: { status: [403] }, source: HTTP },
  {
    // A wrong path answers so, too; the next target may have the right one.
    id: 'status.404',
    reason: 'model_not_found',
    when: { status: [404, 410] },
    source: HTTP,
  },
  { id: 'status.413', reason: 'context_length', when: { status: [413] }, source: HTTP },
  {
    id: 'status.429',
    reason: 'rate_limit',
    when: { status: [429] },
    source: 'https://www.rfc-editor.org/rfc/rfc6585#section-4',
  },
  {
    id: 'status.451',
    reason: 'permission',
    scope: 'provider',
    nextStep: 'next_provider',
    when: { status: [451] },
    source: 'https://www.rfc-editor.org/rfc/rfc7725',
  },
  {
    id: 'status.529',
    reason: 'overloaded',
    when: { status: [529] },
    source: 'https://docs.anthropic.com/en/api/errors',
  },
  { id: 'status.408', reason: 'timeout', when: { status: [408, 504] }, source: HTTP },
  { id: 'status.522', reason: 'timeout', when: { status: [522, 524] }, source: CLOUDFLARE },
  { id: 'status.409', reason: 'server_error', when: { status: [409, 425] }, source: HTTP },
  {
    // A hop between gave up on its client; we did not, so it was not us.
    id: 'status.499',
    reason: 'server_error',
    when: { status: [499] },
    source: 'https://nginx.org/en/docs/dev/development_guide.html#http_response_codes',
  },
  {
    // What the request depended on failed: a generation (text-generation-inference), a model (Bedrock), a tool.
    id: 'status.424',
    reason: 'server_error',
    when: { status: [424] },
    source: 'https://www.rfc-editor.org/rfc/rfc4918#section-11.4',
  },
  { id: 'status.4xx', reason: 'invalid_request', when: { status: { min: 400, max: 499 } }, source: HTTP },
  { id: 'status.5xx', reason: 'server_error', when: { status: { min: 500, max: 599 } }, source: HTTP },
  {
    // It was handed in as a failure, yet neither status nor body says which.
    id: 'status.bad_response',
    reason: 'bad_response',
    when: { status: { min: 100, max: 399 } },
    source: 'https://www.rfc-editor.org/rfc/rfc9110#section-15.3',
  },
]
