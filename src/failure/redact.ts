/** What stands in for a secret. */
const MASK = '***'
/** What is shorter is not masked: it would tear up ordinary words. */
const SHORTEST = 4
/** How far the quote that closes a value is looked for. */
const LONGEST_QUOTED = 4_096

/**
 * Beginnings of API keys as providers issue them (OpenAI, Anthropic, OpenRouter, Google, Groq, xAI, Hugging Face,
 * Replicate, Perplexity, NVIDIA, Cerebras, Fireworks, Together, Vercel, Tavily, GitHub, GitLab, Slack, AWS, Bedrock,
 * Databricks, Baidu; a JWT begins with `eyJ`), where a word begins, be it behind an escape such as `\n` or `%20`. What
 * a code in lower case makes of them counts with more behind it, as words begin so, too. One character class follows,
 * read greedily and never given back, so masking takes linear time.
 */
const KEY_LIKE =
  /(?:(?<![A-Za-z0-9])|(?<=\\[nrt]|%[0-9A-Fa-f]{2}|\\u[0-9A-Fa-f]{4}))(?:(?:[spr]k[-_]|sess-|AIza|ya29\.|gsk_|xai-|hf_|r8_|pplx-|nvapi-|csk-|fw_|tgp_|vck_|tvly-|gh[opsu]_|github_pat_|glpat-|xox[abeoprs]-|AKIA|ASIA|eyJ)[\w.*-]{6,}|dapi[0-9a-f]{32}(?:-\d)?|AQ\.[\w.*-]{16,}|(?:ABSK|bce-v3\/)[\w.*+/=-]{16,}|aiza[\w-]{30,}|a[ks]ia[a-z0-9]{16,}|eyj[\w.-]{16,}|absk[\w+/=-]{32,})/g

/** Without one of these there is nothing of the kind in a text; most texts have none, and this is told at once. */
const KEY_BEGINNING =
  /[spr]k[-_]|sess-|AIza|ya29|gsk_|xai-|hf_|r8_|pplx|nvapi|csk-|fw_|tgp_|vck_|tvly|gh[opsu]_|github_pat|glpat|xox[abeoprs]-|AKIA|ASIA|eyJ|dapi|AQ\.|ABSK|bce-|aiza|a[ks]ia|eyj|absk/

/** `user:password@` of a URL, slashes escaped or not. */
const USER_INFO = /(:\\{0,8}\/\\{0,8}\/)[^\s/\\?#"'`<>]{1,1000}@/g

/**
 * What names a credential. `strong`: what is assigned to it is secret, whatever it looks like. The others also mean
 * other things (a missing key, an unexpected token, a basic plan): only what looks like a key is masked behind them.
 */
const NAME =
  /(?<strong>(?:api|access|secret|private|subscription|encryption|signing|account)[ _.-]?key|(?:access|auth|refresh|session|api|secret)[ _.-]?token|secret|passw(?:or)?d|passphrase|authorization|(?<=[?&])(?:key|token|auth|sig|signature)(?==)|(?<![\w-])token(?=\\{0,8}["'] ?:|=))|(?<bearer>bearer)|(?<basic>basic)|key|token|credentials?|signature|密钥|令牌/gi

/** Every name ends with one of these, and a letter behind it (`tokens`) makes another word of it. */
const NAME_END =
  /(?:key|token|secret|passw(?:or)?d|passphrase|authorization|auth|bearer|basic|credentials?|sig|signature)(?![a-z])|密钥|令牌/i

/** From a name to what is assigned to it: `": "`, ` provided: `, `=`, `%3D`, `\":\"`, `: [`, without the last quote. */
const ASSIGNMENT =
  /(?:[\s\\"'`”’\])]|%2[027]|&(?:quot|#3[49]);|(?:is|was|you|provided|supplied|given|value|header)(?!\w))*(?:[:=：]|%3[ad])(?:[\s:=：>[(<+]|%20|&(?:quot|#3[49]);)*/iy

/** From `Bearer` to the token. */
const AFTER_SCHEME = /(?:\\*["'`])?(?:[\s:=+]|%20|%3[ad])+/iy

/** A scheme between what is assigned and the credential itself: `Authorization: Bearer x`, `Key x`. */
const SCHEME = /(?:bearer|basic|digest|oauth|token|(?:api[-_]?)?key)(?:[\s:=+]|%20|%3[ad])+/iy

/** What may stand between a name and what looks like a key: `key is "…"`, `Invalid API key (…)`, `x-api-key` …`. */
const BETWEEN =
  /(?:[\s:=：\\"'`“”‘’()[\]{}<>]|%(?:2[027]|3[ad])|&(?:quot|#3[49]);|(?:is|was|you|provided|supplied|given|value|header)(?!\w))+/iy

/** What looks like a key: long, with letters and digits among its first. A URL or a path of fields does not. */
const MIXED =
  /(?!https?:|(?:messages|contents?|input|tools|system|parts|requests?|items)\.)(?=[\w.+/=*~%:|-]{0,63}\d)(?=[\w.+/=*~%:|-]{0,63}[A-Za-z])[\w.+/=*~%:|-]{16,}/iy

/** Base64 of `user:password`: it has what no English word has inside. */
const BASE64 = /(?=[A-Za-z0-9+/]{0,63}(?:[a-z][A-Z]|\d|=))[A-Za-z0-9+/]{6,}={0,2}(?![\w+/=-]|\.\S)/y

/** A value without quotes ends where the sentence, the query or the object that it stands in goes on. */
const UNQUOTED = /[^\s"'`”’&,;)}<\\]+/y

const OPENING_QUOTE = /\\*["'`]/y

/**
 * What is no value: words that prose goes on with (`Authorization: required`, `API key: must not be empty`, `Bearer
 * token`), what stands behind a quote that closes something, and `${NAME}`, which is only where the value is.
 */
const NO_VALUE =
  /[\s,;)\]}]|\$\{|(?:bearer|basic|provided|supplied|given|sent|used|please|must|should|cannot|could|required|missing|invalid|incorrect|malformed|expired|revoked|disabled|unauthori[sz]ed|forbidden|denied|failed|expected|unexpected|unknown|unsupported|error|wrong|empty|null|none|undefined|true|false|this|that|your|check|contact|field|input|string|value|tokens?|keys?|credentials?|auth|authentication|authorization|schemes?|realm|format|headers?|prefix|with|from|type|only)(?![\w-])/iy

interface Span {
  readonly from: number
  readonly to: number
}

/**
 * Replaces everything that looks like an API key, a bearer token or a password with `***`: what begins as keys begin,
 * what is assigned to a name such as `api_key`, and what looks like a key right behind the word. Linear in the text's
 * length.
 */
export function maskSecrets(text: string): string {
  const named = NAME_END.test(text) ? maskNamed(text) : text
  const apart = named.includes('@') ? named.replace(USER_INFO, `$1${MASK}@`) : named
  return KEY_BEGINNING.test(apart) ? apart.replace(KEY_LIKE, MASK) : apart
}

/** Masks credentials that are named by what stands before them. */
function maskNamed(text: string): string {
  const spans: Span[] = []
  let from = 0
  for (const name of text.matchAll(NAME)) {
    // A name may be part of a secret that is masked already.
    if (name.index < from) continue
    const span = namedSecret(text, name.index + name[0].length, name.groups ?? {})
    if (span === undefined) continue
    spans.push(span)
    from = span.to
  }
  return withoutSpans(text, spans)
}

/** The secret behind a name that ends at `at`, if there is one. */
function namedSecret(text: string, at: number, { strong, bearer, basic }: Record<string, string | undefined>) {
  if (strong !== undefined) return assigned(text, endOf(ASSIGNMENT, text, at), SCHEME) ?? mixed(text, at)
  if (bearer !== undefined) return assigned(text, endOf(AFTER_SCHEME, text, at)) ?? mixed(text, at)
  return mixed(text, at) ?? (basic === undefined ? undefined : base64(text, endOf(AFTER_SCHEME, text, at)))
}

/** Whatever value begins here, in quotes or not, unless prose goes on. */
function assigned(text: string, at: number | undefined, scheme?: RegExp): Span | undefined {
  if (at === undefined) return undefined
  const opened = endOf(OPENING_QUOTE, text, at)
  const begins = opened ?? at
  const from = (scheme && endOf(scheme, text, begins)) ?? begins
  // Asked first: a value that is read to its end and then left would be read again behind the next name.
  if (endOf(NO_VALUE, text, from) !== undefined) return undefined
  const closing = opened === undefined ? -1 : closingQuote(text, from, text.slice(at, opened))
  const to = closing >= 0 ? closing : sentenceEnd(text, endOf(UNQUOTED, text, from) ?? from)
  return to - from < SHORTEST ? undefined : { from, to }
}

/** Where the quote stands that closes a value, -1 if it is not near. A value in escaped quotes may hold other ones. */
function closingQuote(text: string, from: number, quote: string): number {
  const at = text.slice(from, from + LONGEST_QUOTED).indexOf(quote)
  return at < 0 ? -1 : from + at
}

function mixed(text: string, at: number): Span | undefined {
  const from = endOf(BETWEEN, text, at)
  const end = from === undefined ? undefined : endOf(MIXED, text, from)
  return from === undefined || end === undefined ? undefined : { from, to: sentenceEnd(text, end) }
}

function base64(text: string, from: number | undefined): Span | undefined {
  const to = from === undefined ? undefined : endOf(BASE64, text, from)
  return from === undefined || to === undefined || (to - from) % 4 !== 0 ? undefined : { from, to }
}

/** A full stop or a colon belongs to the sentence. */
function sentenceEnd(text: string, end: number): number {
  let to = end
  while (text[to - 1] === '.' || text[to - 1] === ':') to -= 1
  return to
}

/** Where the match ends that begins exactly here. */
function endOf(pattern: RegExp, text: string, at: number): number | undefined {
  pattern.lastIndex = at
  return pattern.test(text) ? pattern.lastIndex : undefined
}

/**
 * Replaces each of these secrets, wherever it occurs, with `***`: in whatever case (codes are shown in lower case), as
 * a URL holds it, and as JSON does. Secrets of fewer than 4 characters are left: they would tear up ordinary words.
 * Linear in the text's length for each secret.
 */
export function redactKnown(text: string, secrets: Iterable<string>): string {
  const forms = new Set([...secrets].filter((secret) => secret.length >= SHORTEST).flatMap(formsOf))
  if (forms.size === 0) return text
  const folded = foldCase(text)
  return withoutSpans(text, merged([...forms].flatMap((form) => occurrences(folded, form))))
}

/** A secret as it may be written. Slashes are escaped by some writers of JSON (PHP's) only. */
function formsOf(secret: string): string[] {
  const json = JSON.stringify(secret).slice(1, -1)
  // A lone surrogate has no place in a URL.
  const url = encodeURIComponent(secret.toWellFormed())
  return [secret, secret.toLowerCase(), url, json, json.replaceAll('/', '\\/')].map(foldCase)
}

/** In lower case, with every character still in its place: what is found can be cut out of the text itself. */
function foldCase(text: string): string {
  // The one letter that becomes longer, and the one that depends on where it stands.
  const folded = text.replaceAll('İ', 'i').toLowerCase().replaceAll('ς', 'σ')
  return folded.length === text.length ? folded : text
}

function occurrences(text: string, wanted: string): Span[] {
  const spans: Span[] = []
  for (let at = text.indexOf(wanted); at >= 0; at = text.indexOf(wanted, at + wanted.length))
    spans.push({ from: at, to: at + wanted.length })
  return spans
}

/** By place, what overlaps as one: a key may be the beginning of another. */
function merged(spans: Span[]): Span[] {
  const apart: Span[] = []
  for (const span of spans.sort((a, b) => a.from - b.from)) {
    const last = apart.at(-1)
    if (last === undefined || span.from >= last.to) apart.push(span)
    else apart[apart.length - 1] = { from: last.from, to: Math.max(last.to, span.to) }
  }
  return apart
}

/** @param spans by place, none overlapping another */
function withoutSpans(text: string, spans: readonly Span[]): string {
  let shown = ''
  let from = 0
  for (const span of spans) {
    shown += text.slice(from, span.from) + MASK
    from = span.to
  }
  return shown + text.slice(from)
}
