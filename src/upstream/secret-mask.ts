import { redactKnown, SHORTEST_SECRET_IN_ANSWERS } from '../failure/index.ts'

const MASK = '***'
/** Shorter secrets are not masked (`redactKnown`), nor are shorter beginnings of one. */
const SHORTEST = 4
/** JSON that is nested deeper is no error that anybody reads; it is masked as a whole. */
const MAX_DEPTH = 32
const MAX_CAUSES = 8

/** Masks the given secrets wherever they occur. */
export class SecretMask {
  readonly #secrets: readonly string[]
  readonly #long: readonly string[]
  readonly #patterns: readonly Buffer[]

  constructor(secrets: readonly string[]) {
    this.#secrets = secrets
    this.#long = secrets.filter(({ length }) => length >= SHORTEST_SECRET_IN_ANSWERS)
    this.#patterns = this.#long.map((secret) => Buffer.from(secret))
  }

  /** A good answer, in which only what is as long as a key is hidden; bytes in which it does not occur are the very same. */
  bytes(bytes: Buffer): Buffer {
    return this.#patterns.reduce(withoutPattern, bytes)
  }

  /** Is there anything in this text of a good answer to be masked? */
  hides(text: string): boolean {
    return this.#long.some((secret) => text.includes(secret))
  }

  /** As `bytes`, for a text. */
  answerText(text: string): string {
    return redactKnown(text, this.#long)
  }

  text(text: string): string {
    return redactKnown(text, this.#secrets)
  }

  /** A text that may have been cut anywhere: what its end has of a secret is masked, too. */
  cutText(text: string): string {
    const masked = this.text(text)
    const begun = Math.max(0, ...this.#secrets.map((secret) => begunAtEnd(masked, secret)))
    return begun === 0 ? masked : masked.slice(0, -begun) + MASK
  }

  /** JSON with every text in it masked, whatever its escapes; a number that is a secret becomes a text. */
  json(value: unknown, depth = 0): unknown {
    if (typeof value === 'string') return this.text(value)
    if (typeof value === 'number')
      return this.#secrets.includes(`${value}`) && `${value}`.length >= SHORTEST ? MASK : value
    if (typeof value !== 'object' || value === null) return value
    if (depth === MAX_DEPTH) return MASK
    if (Array.isArray(value)) return value.map((item) => this.json(item, depth + 1))
    return Object.fromEntries(
      Object.entries(value).map(([name, item]) => [this.text(name), this.json(item, depth + 1)]),
    )
  }

  /** A cause: itself, unless it shows a secret; then an error that says the same without it. */
  cause(cause: unknown, depth = 0): unknown {
    if (!(cause instanceof Error)) return this.json(cause)
    const inner = depth < MAX_CAUSES ? this.cause(cause.cause, depth + 1) : undefined
    const stack = cause.stack ?? ''
    const isClean = [cause.name, cause.message, stack, fieldsOf(cause)].every((text) => this.text(text) === text)
    if (isClean && inner === cause.cause) return cause
    const copy = new Error(this.text(cause.message), inner === undefined ? undefined : { cause: inner })
    copy.name = this.text(cause.name)
    copy.stack = this.text(stack)
    const { code } = cause as { readonly code?: unknown }
    return typeof code === 'string' ? Object.assign(copy, { code: this.text(code) }) : copy
  }
}

function withoutPattern(bytes: Buffer, pattern: Buffer): Buffer {
  let at = bytes.indexOf(pattern)
  if (at === -1) return bytes
  const pieces: Buffer[] = []
  let from = 0
  for (; at !== -1; at = bytes.indexOf(pattern, from)) {
    pieces.push(bytes.subarray(from, at), Buffer.from(MASK))
    from = at + pattern.length
  }
  return Buffer.concat([...pieces, bytes.subarray(from)])
}

/** What an error has beside its message, as one text. */
function fieldsOf(error: Error): string {
  const { cause: _, ...fields } = error
  try {
    return JSON.stringify(fields)
  } catch {
    return Object.values(fields)
      .filter((value) => typeof value === 'string')
      .join('\n')
  }
}

/** How many characters at the end of the text are the beginning of a secret. */
function begunAtEnd(text: string, secret: string): number {
  for (let length = Math.min(text.length, secret.length - 1); length >= SHORTEST; length--) {
    if (text.endsWith(secret.slice(0, length))) return length
  }
  return 0
}
