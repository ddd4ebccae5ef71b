/**
 * What SDKs, gateways and logs put before the words. Several of them stand behind one another, each of bounded length; each
 * is looked for where the one before it ends.
 */
const PREAMBLES: readonly RegExp[] = [
  // a class of error: `litellm.RateLimitError: `, `AnthropicException - `, `[GoogleGenerativeAI Error]: `
  /[\w.[\]-]{0,100}(?:error|exception|fault)(?:\$\w{1,60})?\]?(?: \[[\w.]{1,60}\])?(?: -|:) /y,
  // Python's path of one: `google.api_core.exceptions.ResourceExhausted: `
  /(?:\w{1,40}\.){1,5}(?:exceptions|errors|error|exception)\.\w{1,60}: /y,
  // a status with what stands around it: `Error code: 429 - `, `HTTP 503: `, `[400 Bad Request] `, `429 `
  /(?:http |api error: |error code: |status code:? |code: |unexpected status )?\[?<?[45]\d\d\b>?(?: (?:bad request|unauthorized|payment required|forbidden|not found|too many requests|request entity too large|internal server error|bad gateway|service unavailable|gateway timeout))?\]?[ :,-]{0,3}/y,
  // Google's and gRPC's names of statuses
  /(?:invalid_argument|failed_precondition|permission_denied|unauthenticated|resource_exhausted|not_found|out_of_range|unavailable|internal)[:.] |rpc error: code = \w{1,40} desc = /y,
  // who hands it on
  /(?:error in [\w.]{1,60}|chat error|stream disconnected before completion|transport error|provider returned error|error from provider(?: \([^)]{1,40}\))?|last error|original error|api error|error|upstream error|failed with status code): |(?:rate limit|authorization|bad request|server unavailable|connection|invoke) error, /y,
  // where it comes from: `Error fetching from https://…: `
  /(?:error )?(?:fetching |calling )?(?:from|at|for|get|post) https?:\/\/[^\s"']{1,300} /y,
  // AWS: `An error occurred (ThrottlingException) when calling the Converse operation: `
  /an error occurred \(\w{1,60}\) when calling the \w{1,60} operation(?: \(reached max retries: \d{1,3}\))?: /y,
  // what a client says of its own tries
  /retrying [\w.<>]{1,120} in [\d.]{1,8} seconds as it raised |failed after \d{1,3} attempts?(?:\.|:)? /y,
  // marks, brackets, times and places of a log
  /[✕✗⎿│●■•] {0,4}|\[[^\]\n]{1,60}\][ :]{0,2}|\d{2}:\d{2}:\d{2}(?:[.,]\d{1,6})?z?[ -]{0,3}|\d{4}-\d{2}-\d{2}[t ]|[\w./-]{1,60}:\d{1,6} - |\w{1,40}:(?:error|warning|warn|info): /y,
]
const MAX_PARTS = 8

/**
 * A complaint of one field of the request, as Anthropic and validators write it: `messages.0.content.1.text: …`. A bare
 * field counts only where it can be no word of its own, and .NET's `System.…Exception` is none.
 */
const FIELD_COMPLAINT =
  /(?!system\.[\w.]{1,80}(?:exception|error):)(?:body[./])?(?:(?:messages|system|tools|tool_choice|functions|input|prompt|metadata|thinking|contents|instructions)(?:[./]\w{1,64}|\[\d{1,9}\]){1,32}|messages|tools|tool_choice|stop_sequences|contents):\s/y

/** How far into the words the sender's own statement may begin to speak of the request. */
const MAX_OPENING = 200

/** What stands before the words, in lower case. */
export interface Preamble {
  readonly length: number
  /** The words behind it are a complaint of a field of the request: all of them may be the request's. */
  readonly isFieldComplaint: boolean
}

/** Reads what SDKs, gateways and logs have put before the words. */
export function preambleOf(wording: string): Preamble {
  let length = 0
  for (let count = 0; count < MAX_PARTS; count += 1) {
    if (isFieldComplaintAt(wording, length)) return { length, isFieldComplaint: true }
    const end = partEnd(wording, length)
    if (end === length) return { length, isFieldComplaint: false }
    length = end
  }
  return { length, isFieldComplaint: isFieldComplaintAt(wording, length) }
}

/** The wording without what SDKs and gateways put before it. */
export function afterPreamble(wording: string): string {
  return wording.slice(preambleOf(wording).length)
}

/** Is what stands there a complaint of a field of the request? */
export function isFieldComplaintAt(wording: string, from: number): boolean {
  FIELD_COMPLAINT.lastIndex = from
  return FIELD_COMPLAINT.test(wording)
}

/** What comes before the first quotation, colon or line's end: there no text of the request can stand yet. */
export function openingOf(wording: string): string {
  const { length } = preambleOf(wording)
  const end = wording.slice(length, length + MAX_OPENING).search(OPENING_END)
  return wording.slice(0, length + (end < 0 ? MAX_OPENING : end))
}

/** A colon in an address ends nothing. */
const OPENING_END = /[…：=(「『【\n]|:(?!\/\/)| - /

function partEnd(wording: string, from: number): number {
  for (const preamble of PREAMBLES) {
    preamble.lastIndex = from
    if (preamble.test(wording) && preamble.lastIndex > from) return preamble.lastIndex
  }
  return from
}
