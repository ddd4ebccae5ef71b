/** A value that was written down, and where in the text it ends. */
interface Literal {
  readonly value: unknown
  readonly end: number
}

/** Deeper than any error is nested. */
const MAX_DEPTH = 16

const WORDS: ReadonlyMap<string, unknown> = new Map<string, unknown>([
  ['true', true],
  ['True', true],
  ['false', false],
  ['False', false],
  ['null', null],
  ['None', null],
  ['undefined', undefined],
])

const ESCAPES: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t', b: '\b', f: '\f', '0': '\0' }

/**
 * Reads an object or list as programs write them down for people: JSON, Python's `repr` (single quotes, `None`, tuples,
 * bytes), Node's `inspect` (names without quotes). What was cut short counts as far as it goes. Takes linear time.
 *
 * @returns undefined where it is none of these: quotation marks inside it were not escaped, for one
 */
export function parseLiteral(text: string, from: number): Literal | undefined {
  // Inside a text that was written down itself, every mark of it has a backslash.
  if (text.startsWith('{\\"', from)) return escapedLiteral(text, from)
  const reader = new LiteralReader(text, from)
  const value = reader.value(0)
  return reader.isBroken ? undefined : { value, end: reader.at }
}

function escapedLiteral(text: string, from: number): Literal | undefined {
  const plain = text.slice(from).replaceAll(/\\(["\\])/g, '$1')
  const literal = parseLiteral(plain, 0)
  return literal && { value: literal.value, end: text.length }
}

class LiteralReader {
  readonly #text: string
  at: number
  /** Something stood where it must not; an end that came too soon is no such thing. */
  isBroken = false

  constructor(text: string, from: number) {
    this.#text = text
    this.at = from
  }

  value(depth: number): unknown {
    this.#skipSpace()
    const mark = this.#text[this.at]
    if (mark === undefined) return undefined
    if (depth > MAX_DEPTH) return this.#break()
    if (mark === '{') return this.#object(depth)
    if (mark === '[' || mark === '(') return this.#list(mark === '[' ? ']' : ')', depth)
    if ((mark === 'b' || mark === 'u') && isQuote(this.#text[this.at + 1])) this.at += 1
    if (isQuote(this.#text[this.at])) return this.#string()
    return this.#word()
  }

  #object(depth: number): unknown {
    const object: Record<string, unknown> = Object.create(null)
    this.at += 1
    for (;;) {
      this.#skipSpace()
      if (this.#takes('}') || this.#isOver) return object
      const key = isQuote(this.#text[this.at]) ? this.#string() : this.#name()
      this.#skipSpace()
      if (this.isBroken || this.#isOver) return object
      if (!this.#takes(':')) return this.#break()
      const value = this.value(depth + 1)
      if (this.isBroken) return undefined
      object[key] = value
      this.#skipSpace()
      if (!this.#takes(',') && this.#text[this.at] !== '}' && !this.#isOver) return this.#break()
    }
  }

  #list(close: string, depth: number): unknown {
    const items: unknown[] = []
    this.at += 1
    for (;;) {
      this.#skipSpace()
      if (this.#takes(close) || this.#isOver) return items
      items.push(this.value(depth + 1))
      this.#skipSpace()
      if (this.isBroken) return undefined
      if (!this.#takes(',') && this.#text[this.at] !== close && !this.#isOver) return this.#break()
    }
  }

  #string(): string {
    const quote = this.#text[this.at] as string
    let said = ''
    let from = this.at + 1
    for (let at = from; at < this.#text.length; at += 1) {
      const mark = this.#text[at]
      if (mark === quote) {
        this.at = at + 1
        return said + this.#text.slice(from, at)
      }
      if (mark === '\n') {
        // No string holds a bare line end: a terminal has broken it there.
        said += `${this.#text.slice(from, at)} `
        while (isBlank(this.#text[at + 1])) at += 1
        from = at + 1
        continue
      }
      if (mark !== '\\') continue
      said += this.#text.slice(from, at)
      at += 1
      const escaped = this.#text[at] ?? ''
      const code =
        escaped === 'u' ? this.#text.slice(at + 1, at + 5) : escaped === 'x' ? this.#text.slice(at + 1, at + 3) : ''
      if (code !== '' && /^[\da-f]+$/i.test(code)) {
        said += String.fromCharCode(Number.parseInt(code, 16))
        at += code.length
      } else said += ESCAPES[escaped] ?? escaped
      from = at + 1
    }
    this.at = this.#text.length
    return said + this.#text.slice(from)
  }

  #name(): string {
    const name = this.#run(/[\w$.-]{1,100}/y)
    if (name === '') this.#break()
    return name
  }

  #word(): unknown {
    const word = this.#run(/[\w$.+-]{1,100}/y)
    if (word === '') return this.#break()
    if (WORDS.has(word)) return WORDS.get(word)
    const number = Number(word)
    return Number.isNaN(number) ? word : number
  }

  #run(pattern: RegExp): string {
    pattern.lastIndex = this.at
    const found = pattern.exec(this.#text)?.[0] ?? ''
    this.at += found.length
    return found
  }

  #takes(mark: string): boolean {
    if (this.#text[this.at] !== mark) return false
    this.at += 1
    return true
  }

  get #isOver(): boolean {
    return this.at >= this.#text.length
  }

  #skipSpace(): void {
    while (this.at < this.#text.length && ' \n\r\t'.includes(this.#text[this.at] as string)) this.at += 1
  }

  #break(): undefined {
    this.isBroken = true
    return undefined
  }
}

function isBlank(mark: string | undefined): boolean {
  return mark === ' ' || mark === '\n' || mark === '\t'
}

function isQuote(mark: string | undefined): boolean {
  return mark === '"' || mark === "'"
}

/** The text as JSON if it may be some (an object, a list or a string); `undefined` where it isn't. */
export function parseJson(text: string): unknown {
  // Whatever cannot be JSON is told without an exception, which costs more than all the rest.
  if (!/^(?:\{\s{0,100}["}]|[["])/.test(text)) return undefined
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** The object or list that the text is, as JSON; `undefined` where it is something else. */
export function jsonObjectIn(text: string): object | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? value : undefined
  } catch {
    return undefined
  }
}
