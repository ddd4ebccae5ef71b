import type { TimeoutPhase } from '../failure.ts'
import type { Rule } from '../rule.ts'

const NODE_ERRORS = 'https://nodejs.org/api/errors.html#common-system-errors'
const UNDICI_ERRORS = 'https://github.com/nodejs/undici/blob/main/docs/docs/api/Errors.md'
const ABORT = 'https://dom.spec.whatwg.org/#interface-AbortSignal'

/** The peer hung up. */
const RESET_CODES = ['econnreset', 'epipe', 'econnaborted', 'und_err_socket', 'socketerror', 'err_http2_session_error']

const OUR_LIMIT = { reason: 'timeout', when: { codes: [] }, source: 'docs/failures.md' } as const

/** One of our own timers ran out. Before there is a connection the model has no part in it. */
export const timeoutRules: Readonly<Record<TimeoutPhase, Rule>> = {
  connect: { ...OUR_LIMIT, id: 'local.connect_timeout', scope: 'provider', nextStep: 'next_provider' },
  first_content: { ...OUR_LIMIT, id: 'local.first_content_timeout' },
  throughput: { ...OUR_LIMIT, id: 'local.throughput_timeout' },
  response: { ...OUR_LIMIT, id: 'local.response_timeout' },
  idle: { ...OUR_LIMIT, id: 'local.idle_timeout' },
  attempt: { ...OUR_LIMIT, id: 'local.attempt_timeout' },
}

/** What was ended on our side. It comes before everything the answer says. */
export const localRules: readonly Rule[] = [
  {
    // undici's timer for connecting. Before there is a connection the model has no part in it.
    id: 'local.undici_connect_timeout',
    reason: 'timeout',
    scope: 'provider',
    nextStep: 'next_provider',
    when: { codes: ['und_err_connect_timeout', 'connecttimeouterror'] },
    source: UNDICI_ERRORS,
  },
  {
    // Before the aborts: an `AbortError` whose cause is a `TimeoutError` was no caller leaving.
    id: 'local.timeout',
    reason: 'timeout',
    when: { codes: ['timeouterror', 'timeout', 'apiconnectiontimeouterror', 'apitimeouterror'] },
    source: ABORT,
  },
  {
    // The caller's own deadline: no target is to blame, and there is no time left to try another.
    id: 'local.deadline',
    reason: 'timeout',
    scope: 'none',
    nextStep: 'return',
    when: { codes: ['deadline_exceeded'] },
    source: 'docs/errors.md',
  },
  {
    id: 'local.canceled',
    reason: 'canceled',
    when: { codes: ['aborterror', 'abort_err', 'und_err_aborted', 'apiuseraborterror', 'err_canceled', 'canceled'] },
    source: ABORT,
  },
]

/** What happened between us and an answer; asked only where the answer's status is no error of its own. */
export const transportRules: readonly Rule[] = [
  {
    // The OpenAI and Anthropic SDKs say no more where only their message is left.
    id: 'local.canceled_words',
    reason: 'canceled',
    when: {
      anyOf: [
        'request was aborted',
        'operation was aborted',
        'context canceled',
        'this operation was aborted',
        'user aborted a request',
      ],
      noneOf: ['due to timeout', 'timeouterror'],
    },
    source: 'https://github.com/openai/openai-node/blob/master/src/core/error.ts',
  },
  {
    id: 'transport.connect_timeout',
    reason: 'timeout',
    scope: 'provider',
    nextStep: 'next_provider',
    when: { codes: ['etimedout', 'esockettimedout', 'connecttimeouterror', 'und_err_connect_timeout'] },
    source: UNDICI_ERRORS,
  },
  {
    // Before the resets: axios gives its timeouts the code of one.
    id: 'transport.timeout_words',
    reason: 'timeout',
    when: {
      anyOf: [
        'timeout of',
        'request timed out',
        'request timeout',
        'connection timed out',
        'connect timeout',
        'connection timeout',
        'read timeout',
        'read timed out',
        'timed out while',
        'timed out after',
        'operation timed out',
        'due to timeout',
        'body timeout error',
        'headers timeout error',
        'deadline exceeded',
        'i/o timeout',
        'awaiting headers',
        'winerror 10060',
        'errno 110]',
        'os error 110)',
        'ioexception: timeout',
        'gateway timeout',
        'timeouterror',
        'timed out',
        'timeout on ',
        'timeout expired',
        'timeout waiting',
      ],
    },
    source: 'https://github.com/axios/axios#error-types',
  },
  {
    id: 'transport.answer_timeout',
    reason: 'timeout',
    when: { codes: ['und_err_headers_timeout', 'und_err_body_timeout', 'headerstimeouterror', 'bodytimeouterror'] },
    source: UNDICI_ERRORS,
  },
  {
    // What SDKs and relays say of a stream that stopped before its end, wherever it is told.
    id: 'transport.incomplete_words',
    reason: 'stream_interrupted',
    when: {
      anyOf: [
        'stream closed before',
        'stream was reset',
        'httpcore.readerror',
        'httpx.readerror',
        'stream ended before',
        'stream ended without',
        'stream ended unexpectedly',
        'stream was interrupted',
        'stream interrupted',
        'unexpected end of stream',
        'incomplete chunked read',
        'response payload is not completed',
        'transferencodingerror',
        'unexpected eof',
        'premature close',
        'prematurely closed',
        'incompleteread',
        'request ended without sending any chunks',
        'mid-stream',
        'missing finish reason',
        'terminated: other side closed',
        'ended prematurely',
        'connection broken',
        'invalidchunklength',
        'chunkedencodingerror',
        'error decoding response body',
        'truncated event message',
        'incomplete json segment',
      ],
    },
    source: UNDICI_ERRORS,
  },
  {
    id: 'transport.stream_interrupted',
    reason: 'stream_interrupted',
    when: {
      codes: [
        'stream_interrupted',
        'err_stream_premature_close',
        'und_err_res_content_length_mismatch',
        'err_http2_stream_error',
      ],
    },
    source: UNDICI_ERRORS,
  },
  {
    // The same reset, once an answer has begun, leaves half an answer.
    id: 'transport.reset_in_stream',
    reason: 'stream_interrupted',
    when: { inStream: true, codes: RESET_CODES },
    source: UNDICI_ERRORS,
  },
  {
    // undici says no more of a body that broke off.
    id: 'transport.terminated',
    reason: 'stream_interrupted',
    when: { begins: ['terminated'], noneOf: ['account', 'access', 'subscription'] },
    source: UNDICI_ERRORS,
  },
  {
    id: 'transport.broken_in_stream',
    reason: 'stream_interrupted',
    when: {
      inStream: true,
      anyOf: [
        'terminated',
        'connection was closed',
        'closed connection',
        'connection closed',
        'other side closed',
        'socket hang up',
      ],
    },
    source: UNDICI_ERRORS,
  },
  {
    // A pooled connection that its server had closed meanwhile: the next one is likely to work.
    id: 'transport.reset',
    reason: 'network',
    nextStep: 'retry_target',
    when: { codes: RESET_CODES },
    source: UNDICI_ERRORS,
  },
  {
    id: 'transport.reset_words',
    reason: 'network',
    nextStep: 'retry_target',
    when: {
      anyOf: [
        'socket hang up',
        'other side closed',
        'connection reset',
        'connection was reset',
        'forcibly closed',
        'server disconnected',
        'remotedisconnected',
        'remote end closed connection',
        'connection aborted',
        'connection closed',
        'connection was closed',
        'socket connection was closed',
        'closed the connection',
        'goaway',
        'broken pipe',
        'winerror 10054',
        'did not get a response',
      ],
    },
    source: NODE_ERRORS,
  },
  {
    // Of its own, so that the engine can tell when no name is found any more, which is our own network's fault.
    id: 'transport.dns',
    reason: 'network',
    when: { codes: ['enotfound', 'eai_again'] },
    source: NODE_ERRORS,
  },
  {
    id: 'transport.unreachable',
    reason: 'network',
    when: {
      codes: [
        'econnrefused',
        'ehostunreach',
        'ehostdown',
        'eproto',
        'cert_has_expired',
        'depth_zero_self_signed_cert',
        'self_signed_cert_in_chain',
        'unable_to_verify_leaf_signature',
        'err_tls_cert_altname_invalid',
        'unable_to_get_issuer_cert_locally',
      ],
    },
    source: NODE_ERRORS,
  },
  {
    // Our own machine lacks something: no provider is to blame, so health is not touched. After what a provider may be
    // blamed for, since a host without IPv6 adds ENETUNREACH to whatever became of IPv4.
    id: 'transport.local_resources',
    reason: 'network',
    scope: 'none',
    when: {
      codes: [
        'emfile',
        'enfile',
        'enomem',
        'enobufs',
        'eaddrnotavail',
        'eaddrinuse',
        'enetunreach',
        'enetdown',
        'eafnosupport',
        'eacces',
        'eperm',
      ],
    },
    source: NODE_ERRORS,
  },
  {
    id: 'transport.no_answer',
    reason: 'network',
    when: { codes: ['network_error', 'err_network', 'apiconnectionerror'] },
    source: 'https://fetch.spec.whatwg.org/#concept-network-error',
  },
  {
    id: 'transport.unreachable_words',
    reason: 'network',
    when: {
      anyOf: [
        'fetch failed',
        'net::err_connection_re',
        'net::err_connection_closed',
        'net::err_connection_aborted',
        'net::err_name_not',
        'net::err_internet_disc',
        'net::err_network_',
        'net::err_http2_',
        'net::err_ssl_',
        'net::err_cert_',
        'net::err_proxy_',
        'net::err_address_',
        'net::err_empty_',
        'net::err_quic_',
        'failed to fetch',
        'before secure tls connection',
        'getaddrinfo',
        'connection error',
        'connection refused',
        'actively refused',
        'winerror 10061',
        'unable to connect',
        'could not connect',
        'cannot connect',
        'failed to connect',
        'failed to establish a new connection',
        'all connection attempts failed',
        'upstream connect error',
        'error sending request for url',
        'max retries exceeded with url',
        'name or service not known',
        'name resolution',
        'nodename nor servname',
        'no such host',
        'dns error',
        'dns lookup',
        'network is unreachable',
        'no route to host',
        'network error',
        'certificate_verify_failed',
        'certificate verify failed',
        'self-signed certificate',
        'self signed certificate',
        'unable to get local issuer certificate',
        'unable to verify the first certificate',
        'x509:',
        'pkix path building failed',
        'valid certification path',
        'network connection lost',
        'network connection was lost',
        'connectionrefused',
        'websocket connection limit reached',
        'eof occurred in violation of protocol',
        'ssl: ',
        'sslerror',
        'ssl handshake',
        'tls handshake',
        'err_ssl',
        'gateway request failed',
        'not connected to the internet',
        'proxy response (407)',
        'when http tunneling',
      ],
    },
    source: 'https://fetch.spec.whatwg.org/#concept-network-error',
  },
  {
    // A library that found nothing it could read, or nothing at all.
    id: 'transport.unreadable_words',
    reason: 'bad_response',
    when: {
      anyOf: [
        'no output generated',
        'empty response',
        'invalid json response',
        'is not valid json',
        'unexpected token <',
        'unexpected end of json',
        'looking for beginning of value',
        'invalid error response format',
        'failed to parse response',
        'unable to parse response',
      ],
    },
    source: 'https://ai-sdk.dev/docs/reference/ai-sdk-errors',
  },
  {
    id: 'transport.not_http',
    reason: 'bad_response',
    when: { codes: ['httpparsererror', 'und_err_response', 'err_bad_response'] },
    source: UNDICI_ERRORS,
  },
]

/** The end of the road for what was thrown inside a stream: whatever it was, the answer is incomplete. */
export const brokenStream: Rule = {
  id: 'transport.broken_stream',
  reason: 'stream_interrupted',
  when: { inStream: true },
  source: 'https://html.spec.whatwg.org/multipage/server-sent-events.html',
}
