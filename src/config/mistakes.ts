import { maskSecrets, redactKnown } from '../failure/index.ts'
import { formatPath, type Path, type Places } from './places.ts'

/**
 * Our own advice `${NAME:-default}`. Behind a name such as OPENAI_API_KEY this looks like a key; what is masked otherwise
 * must not hide what to write. Only this very word is spared, not a name: that may be a key in the wrong place.
 */
const ADVISED_DEFAULT = /((?<=\$\{[A-Za-z_]\w*):-default\})/

/** One thing that is wrong with a configuration, and where. */
export interface Mistake {
  /** As the user named it. */
  readonly file: string
  /** From 1. */
  readonly line: number
  /** From 1. */
  readonly column: number
  /** `routes.smart.primary`; `(file)` where it concerns the whole. */
  readonly path: string
  /** What is wrong, and what is allowed. */
  readonly message: string
}

/** `hotspare.yaml:12:5 path.to.key: what is wrong, what is allowed` */
export function formatMistake({ file, line, column, path, message }: Mistake): string {
  return `${file}:${line}:${column} ${path}: ${message}`
}

/** Gathers what is wrong. Of each path only the first mistake is kept: those that follow are its consequences. */
export class Mistakes {
  readonly #places: Places
  readonly #byPath = new Map<string, Mistake>()
  readonly #secrets = new Set<string>()

  constructor(places: Places) {
    this.#places = places
  }

  get isEmpty(): boolean {
    return this.#byPath.size === 0
  }

  /** @param part what of it to point at: its value, or the key in front of it */
  add(path: Path, message: string, part: 'value' | 'key' = 'value'): void {
    this.addAt(this.#places.locate(path, part), formatPath(path), message)
  }

  addAt({ line, column }: { readonly line: number; readonly column: number }, path: string, message: string): void {
    if (path !== '(file)' && this.#byPath.has(path)) return
    const key = path === '(file)' ? `(file) ${line}` : path
    if (!this.#byPath.has(key)) this.#byPath.set(key, { file: this.#places.file, line, column, path, message })
  }

  /** These must be shown in no message. */
  hide(secrets: Iterable<string>): void {
    for (const secret of secrets) this.#secrets.add(secret)
  }

  /** All of them, by place. */
  list(): Mistake[] {
    const redact = (text: string): string => maskExceptAdvice(redactKnown(text, this.#secrets))
    return [...this.#byPath.values()]
      .sort((a, b) => a.line - b.line || a.column - b.column)
      .map((mistake) => ({ ...mistake, path: redact(mistake.path), message: redact(mistake.message) }))
  }
}

function maskExceptAdvice(text: string): string {
  return (
    text
      .split(ADVISED_DEFAULT)
      // What has been split at stands at odd places.
      .map((part, index) => (index % 2 === 1 ? part : maskSecrets(part)))
      .join('')
  )
}
