import { ByteCollector } from './byte-collector.ts'

const LF = 10

interface JsonPiecesOptions {
  /** Takes each line as it ends, where the body is lines of JSON. */
  readonly onLine: (line: string) => void
  /** The longest line, or document, that is read. */
  readonly maxBytes: number
}

/**
 * A body of JSON that comes in pieces: lines of it, or one document printed over several lines. The first line tells:
 * a line of a stream is an object that is whole.
 */
export class JsonPieces {
  readonly #onLine: (line: string) => void
  readonly #gathered: ByteCollector
  #form: 'unknown' | 'lines' | 'document' = 'unknown'
  /** The first line, while no other has come: it may be all there is. */
  #onlyLine: string | undefined
  #lineCount = 0
  #isTooLong = false

  constructor({ onLine, maxBytes }: JsonPiecesOptions) {
    this.#onLine = onLine
    this.#gathered = new ByteCollector(maxBytes)
  }

  /** A line, or the document, was longer than what is read. */
  get isTooLong(): boolean {
    return this.#isTooLong
  }

  push(bytes: Uint8Array): void {
    let from = 0
    while (this.#form !== 'document') {
      const end = bytes.indexOf(LF, from)
      if (end < 0) break
      this.#gathered.push(bytes.subarray(from, end))
      // The line feed stays with the rest where this is no line, but the beginning of a document.
      from = this.#endLine() ? end + 1 : end
    }
    this.#gathered.push(bytes.subarray(from))
  }

  /** Hands out a last line without an end. @returns the document, where the body is one; a single line is one, too */
  end(): string | undefined {
    this.#isTooLong ||= this.#gathered.isOverfull
    if (this.#form === 'lines') {
      this.#endLine()
      return this.#isTooLong ? undefined : this.#onlyLine
    }
    return this.#isTooLong ? undefined : this.#gathered.text()
  }

  /** @returns false where what has ended is no line of a stream */
  #endLine(): boolean {
    if (this.#form === 'unknown') this.#form = this.#gathered.isOverfull ? 'document' : formOf(this.#gathered.text())
    if (this.#form === 'document') return false
    this.#isTooLong ||= this.#gathered.isOverfull
    const line = this.#gathered.isOverfull ? '' : this.#gathered.text().trim()
    this.#gathered.clear()
    if (line === '') return true
    this.#onlyLine = this.#lineCount === 0 ? line : undefined
    this.#lineCount += 1
    this.#onLine(line)
    return true
  }
}

function formOf(firstLine: string): 'lines' | 'document' {
  if (!firstLine.startsWith('{')) return 'document'
  try {
    JSON.parse(firstLine)
    return 'lines'
  } catch {
    return 'document'
  }
}
