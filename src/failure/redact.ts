/** What stands in for a secret. */
const MASK = '***'
/** What is shorter is not masked: it would tear up ordinary words. */
const SHORTEST = 4
/** How far the quote that closes a value is looked for. */
const LONGEST_QUOTED = 4_096
/** How far behind the word that names a credential a sentence says which one it was given. */
const LONGEST_ASIDE = 80

/**
 * Beginnings of API keys as providers issue them (OpenAI, Anthropic, OpenRouter, Google, Groq, xAI, Hugging Face,
 * Replicate, Perplexity, NVIDIA, Cerebras, Fireworks, Together, Vercel, Tavily, GitHub, GitLab, Slack, AWS, Bedrock,
 * Databricks, Baidu, Aliyun, Tencent, Google's OAuth clients; a JWT begins with `eyJ`), where a word begins, be it behind
 * an escape such as `\n` or `%20`. What a code in lower case makes of them counts with more behind it, as words begin
 * so, too. One character class follows, read greedily and never given back, so masking takes linear time.
 */
export const KEY_LIKE =
  /(?:(?<![A-Za-z0-9])|(?<=\\[nrt]|%[0-9A-Fa-f]{2}|\\u[0-9A-Fa-f]{4}))(?:(?:[spr]k[-_]|sess-|AIza|ya29\.|gsk_|xai-|hf_|r8_|pplx-|nvapi-|csk-|fw_|tgp_|vck_|tvly-|gh[opsu]_|github_pat_|glpat-|xox[abeoprs]-|AKIA|ASIA|eyJ)[\w.*-]{6,}|dapi[0-9a-f]{32}(?:-\d)?|AQ\.[\w.*-]{16,}|(?:ABSK|bce-v3\/)[\w.*+/=-]{16,}|bedrock-api-key-[\w.*+/=-]{16,}|(?:GOCSPX|gocspx)-[\w-]{6,}|LTAI[A-Za-z0-9]{12,}|AKID[A-Za-z0-9]{28,}|ltai[a-z0-9]{12,}|akid[a-z0-9]{28,}|aiza[\w-]{30,}|a[ks]ia[a-z0-9]{16,}|eyj[\w.-]{16,}|absk[\w+/=-]{32,})/g

/** Without one of these there is nothing of the kind in a text; most texts have none, and this is told at once. */
export const KEY_BEGINNING =
  /[spr]k[-_]|sess-|AIza|ya29|gsk_|xai-|hf_|r8_|pplx|nvapi|csk-|fw_|tgp_|vck_|tvly|gh[opsu]_|github_pat|glpat|xox[abeoprs]-|AKIA|ASIA|eyJ|dapi|AQ\.|ABSK|bce-|bedrock-api|GOCSPX|gocspx|LTAI|AKID|ltai|akid|aiza|a[ks]ia|eyj|absk/

/** `user:password@` of a URL, slashes escaped or not. */
const USER_INFO = /(:\\{0,8}\/\\{0,8}\/)[^\s/\\?#"'`<>]{1,1000}@/g

/** The path of a Slack hook is all that it takes to write to a channel. */
const SLACK_HOOK = /(hooks\.slack\.com\\{0,8}\/(?:services|workflows|triggers)\\{0,8}\/)[\w\\/-]{6,}/g

/** `curl -u user:password`. */
const CURL_USER = /( (?:-u|-U|--(?:proxy-)?user)[ =]?["']?[^\s:"'`]{1,200}:)[^\s"'`]{4,}/g

/** A private key as PEM writes it, not a sentence that asks for one. One that was cut short goes on to the end of the text. */
const PRIVATE_KEY =
  /-----BEGIN [A-Z ]{0,40}PRIVATE KEY[A-Z ]{0,40}-----(?=(?:\s|\\{1,8}[nr]){0,16}(?:MI[A-Z0-9+/]{2}|[A-Z0-9+/=]{16}|(?:Proc-Type|Version|Comment):))/i
const PRIVATE_KEY_END = /-----END [A-Z ]{0,40}PRIVATE KEY[A-Z ]{0,40}-----/i

/**
 * What names a credential. `strong`: what is assigned to it is secret, whatever it looks like. The others also mean
 * other things (a missing key, an unexpected token, a basic plan): only what looks like a key is masked behind them.
 * `echo` names none, but says what was given in place of one.
 */
export const NAME =
  /(?<strong>(?:api|access|secret|private|subscription|encryption|signing|account)[ _.-]?key(?<listed>s)?|(?:access|auth|refresh|session|api|secret)[ _.-]?token|secret|(?<password>passw(?:or)?d|passphrase)|authorization|pwd(?=\\{0,8}["'] ?:|=)|(?<=[?&])(?:key|token|auth|sig|signature)(?==)|token(?<![\w-].{5})(?=\\{0,8}["'] ?:|=))|(?<bearer>bearer)|(?<basic>basic)|(?<pair>auth(?=(?:["']? ?[:=] ?)?[([] ?["']))|(?<cookie>cookies?)|(?<echo>received(?<![\w-].{8})|got(?<![\w-].{3})|given(?<![\w-].{5}))(?![\w-])|[as]k(?<![\w-]..)(?=\\{0,8}["']?[:=])|key|token|credentials?|signature|authentication|(?<chinese>密钥|令牌)/gi

/**
 * Every name ends with one of these, and a letter behind it (`tokens`) makes another word of it. Only an `echo` does
 * not: it counts behind a name.
 */
export const NAME_END =
  /(?:keys?|token|secret|passw(?:or)?d|pwd|passphrase|authorization|authentication|auth|bearer|basic|credentials?|cookies?|sig|signature)(?![a-z])|密钥|令牌|[as]k(?<![\w-]..)(?=\\{0,8}["']?[:=])/i

/**
 * From a name to what is assigned to it: `": "`, ` provided: `, `=`, `%3D`, `\":\"`, `: [`, `","value":"`,
 * `=SecretStr(`, `: b`, without the last quote.
 */
const ASSIGNMENT =
  /(?:[\s\\"'`”’\])]|%2[027]|&(?:quot|#3[49]);|(?:is|was|you|provided|supplied|given|value|header)(?!\w)|,(?=\s?\\{0,8}["']value["'\\]))*(?:[:=：]|%3[ad])(?:[\s:=：>[(<+]|%20|&(?:quot|#3[49]);|[a-z_.]{1,40}\((?=\\{0,8}["'])|b(?=["']))*/iy

/** From `Bearer` to the token. */
const AFTER_SCHEME = /(?:\\*["'`])?(?:[\s:=+]|%20|%3[ad])+(?:[a-z_.]{1,40}\((?=\\{0,8}["']))?/iy

/** A scheme between what is assigned and the credential itself: `Authorization: Bearer x`, `Key x`. */
const SCHEME =
  /(?:bearer|basic|digest|oauth|token|(?:api[-_]?)?key)(?:[\s:=+]|%20|%3[ad])+(?:[a-z_.]{1,40}\(\\{0,8}["'])?/iy

/**
 * What may stand between a name and what looks like a key: `key is "…"`, `Invalid API key (…)`, `x-api-key` …`, also
 * where both are items of a list: `'x-api-key', '…'`, `(b'x-api-key', b'…')`, `"x-api-key","value":"…"`.
 */
const BETWEEN =
  /(?:[\s:=：\\"'`“”‘’()[\]{}<>]|%(?:2[027]|3[ad])|&(?:quot|#3[49]);|(?:is|was|you|provided|supplied|given|value|header)(?!\w)|(?<=["']),(?=\s?\\{0,8}b?["'])|(?:SecretStr|b)(?=\(?\\{0,8}["']))+/iy

/**
 * The same in Chinese, which puts nothing between its words. Other words than these may lead to other things: a model
 * that the key may not use.
 */
const CHINESE_BETWEEN =
  /(?:[\s:=：，\\"'`“”‘’()（）[\]【】「」]|状态|不可用|无效|不存在|不正确|错误|有误|失效|过期|禁用|额度|用尽|校验|验证|失败|[是为已被的])*/y

/** What looks like a key: long, with letters and digits among its first. A URL or a path of fields does not. */
const MIXED =
  /(?!https?:|(?:messages|contents?|input|tools|system|parts|requests?|items)\.)(?=[\w.+/=*~%:|-]{0,63}\d)(?=[\w.+/=*~%:|-]{0,63}[A-Za-z])[\w.+/=*~%:|-]{16,}/iy

/**
 * So does a long run of letters in both cases, behind the word; a class of errors does not. No digit is asked for: some
 * providers' keys have none.
 */
const LETTERS =
  /(?=[A-Za-z]{0,63}[a-z])(?=[A-Za-z]{0,63}[A-Z])(?![A-Za-z]{0,99}(?:Exception|Error)(?![A-Za-z]))[A-Za-z]{32,}(?!\w)/y

/** Pairs as a browser sends them, and as a server sets them. */
const COOKIES = /[\w.%-]{1,100}=[^\s"'`,;\\]*(?:; ?[\w.%-]{1,100}=[^\s"'`,;\\]*)*/y

/** From `auth` to the second of two: `auth=('user', 'password')`, `BasicAuth('user', 'password')`. */
const FIRST_OF_PAIR = /(?:["']? ?[:=] ?)?[([] ?["'][^"']{0,200}["'], ?/y

/** Between an item of a list and the next, with what was taken for the end of a sentence. */
const NEXT_ITEM = /[.:]{0,64}\\{0,8}["'`]?\s?,\s?/y

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
  /[\s,;)\]}]|\$\{|(?:bearer|basic|provided|supplied|given|sent|used|please|must|should|cannot|could|required|missing|invalid|incorrect|malformed|expired|revoked|disabled|unauthori[sz]ed|forbidden|denied|failed|expected|unexpected|unknown|unsupported|error|wrong|empty|null|none|undefined|true|false|this|that|your|check|contact|field|input|string|value|tokens?|keys?|credentials?|auth|authentication|authorization|schemes?|realm|format|headers?|prefix|with|from|type|only)(?=$|(?<=realm)=|[\s,:)\]}"'`’”]|\.(?:\s|$)|\\)/iy

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
  const unlocked = text.includes('-----') ? withoutPrivateKeys(text) : text
  const named = NAME_END.test(unlocked) ? maskNamed(unlocked) : unlocked
  const apart = maskPlaced(named)
  return KEY_BEGINNING.test(apart) ? apart.replace(KEY_LIKE, MASK) : apart
}

/** Masks credentials that are told by where they stand: in a URL, behind an option of curl. */
function maskPlaced(text: string): string {
  const apart = text.includes('@') ? text.replace(USER_INFO, `$1${MASK}@`) : text
  const unhooked = apart.includes('hooks.slack') ? apart.replace(SLACK_HOOK, `$1${MASK}`) : apart
  return unhooked.includes('curl ') ? unhooked.replace(CURL_USER, `$1${MASK}`) : unhooked
}

/** Everything from the beginning of a private key to its end, and so with each. */
function withoutPrivateKeys(text: string): string {
  let shown = ''
  let rest = text
  for (let begins = rest.search(PRIVATE_KEY); begins >= 0; begins = rest.search(PRIVATE_KEY)) {
    shown += rest.slice(0, begins) + MASK
    rest = rest.slice(begins)
    const end = PRIVATE_KEY_END.exec(rest)
    rest = end === null ? '' : rest.slice(end.index + end[0].length)
  }
  return shown + rest
}

/** Masks credentials that are named by what stands before them. */
function maskNamed(text: string): string {
  const spans: Span[] = []
  let from = 0
  for (const name of text.matchAll(NAME)) {
    // A name may be part of a secret that is masked already.
    if (name.index < from) continue
    const at = name.index + name[0].length
    const span = namedSecret(text, at, name.groups ?? {})
    if (span === undefined) continue
    spans.push(span, ...itemsBehind(text, at, span))
    from = spans.at(-1)?.to ?? from
  }
  return withoutSpans(text, spans)
}

/** The secret behind a name that ends at `at`, if there is one. */
function namedSecret(text: string, at: number, name: Record<string, string | undefined>): Span | undefined {
  if (name.listed !== undefined) return mixed(text, at)
  if (name.strong !== undefined) {
    const value = assigned(text, endOf(ASSIGNMENT, text, at), SCHEME)
    return value ?? (name.password === undefined ? undefined : quoted(text, at)) ?? mixed(text, at)
  }
  if (name.bearer !== undefined) return assigned(text, endOf(AFTER_SCHEME, text, at)) ?? mixed(text, at)
  if (name.basic !== undefined) return mixed(text, at) ?? base64(text, endOf(AFTER_SCHEME, text, at))
  if (name.pair !== undefined) return assigned(text, endOf(FIRST_OF_PAIR, text, at))
  if (name.cookie !== undefined) return cookies(text, endOf(BETWEEN, text, at))
  if (name.echo !== undefined) return echoed(text, at, at - name.echo.length)
  return mixed(text, at, name.chinese === undefined ? BETWEEN : CHINESE_BETWEEN)
}

/** The others of a list, where the first is what stands behind a name that ends at `at`. */
function itemsBehind(text: string, at: number, first: Span): readonly Span[] {
  const items: Span[] = []
  if (!text.slice(at, first.from).includes('[')) return items
  for (let last: Span | undefined = first; last !== undefined; ) {
    last = assigned(text, endOf(NEXT_ITEM, text, last.to))
    if (last !== undefined) items.push(last)
  }
  return items
}

/** `wrong password "correct horse"`. */
function quoted(text: string, at: number): Span | undefined {
  const opens = text[at] === ' ' && endOf(OPENING_QUOTE, text, at + 1) !== undefined
  return opens ? assigned(text, at + 1) : undefined
}

function cookies(text: string, from: number | undefined): Span | undefined {
  const to = from === undefined ? undefined : endOf(COOKIES, text, from)
  return from === undefined || to === undefined ? undefined : { from, to }
}

/** What was received in place of a credential: `Virtual Key expected. Received=…`, `Expected API key …, got "…"`. */
function echoed(text: string, at: number, begins: number): Span | undefined {
  if (!NAME_END.test(text.slice(Math.max(0, begins - LONGEST_ASIDE), begins))) return undefined
  return (text[at] === '=' ? assigned(text, at + 1) : undefined) ?? mixed(text, at)
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

function mixed(text: string, at: number, between: RegExp = BETWEEN): Span | undefined {
  const from = endOf(between, text, at)
  const end = from === undefined ? undefined : (endOf(MIXED, text, from) ?? endOf(LETTERS, text, from))
  return from === undefined || end === undefined ? undefined : { from, to: sentenceEnd(text, end) }
}

function base64(text: string, from: number | undefined): Span | undefined {
  const to = from === undefined ? undefined : endOf(BASE64, text, from)
  return from === undefined || to === undefined || (to - from) % 4 !== 0 ? undefined : { from, to }
}

/** A full stop or a colon belongs to the sentence, what closes a list to the list. */
function sentenceEnd(text: string, end: number): number {
  let to = end
  while (text[to - 1] === '.' || text[to - 1] === ':' || text[to - 1] === ']') to -= 1
  return to
}

/** Where the match ends that begins exactly here. */
function endOf(pattern: RegExp, text: string, at: number): number | undefined {
  pattern.lastIndex = at
  return pattern.test(text) ? pattern.lastIndex : undefined
}

/**
 * What is shorter may be an ordinary word (`ollama`, `EMPTY`), a date or a number. In an error that does no harm; in an
 * answer it would tear up what the model said.
 */
export const SHORTEST_SECRET_IN_ANSWERS = 16

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
