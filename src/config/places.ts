import { LineCounter } from 'yaml'

/** The way to a value: keys of maps and indices of lists. */
export type Path = readonly PropertyKey[]

interface Place {
  /** Offset of the key in front of the value. */
  readonly key: number | undefined
  readonly value: number
  /** The environment variables it is made of. */
  readonly variables: readonly string[]
}

/** Where in a file each value of a configuration stands. */
export class Places {
  readonly file: string
  readonly lines = new LineCounter()
  readonly #places = new Map<string, Place>()

  constructor(file: string) {
    this.file = file
  }

  set(path: Path, place: Place): void {
    this.#places.set(formatPath(path), place)
  }

  variablesOf(path: Path): readonly string[] {
    return this.#places.get(formatPath(path))?.variables ?? []
  }

  /** Line and column of a value or its key; of what should hold it, where it is missing. */
  locate(path: Path, part: 'value' | 'key'): { readonly line: number; readonly column: number } {
    const place = this.#places.get(formatPath(path))
    if (place !== undefined) return this.at(part === 'key' ? (place.key ?? place.value) : place.value)
    return path.length === 0 ? { line: 1, column: 1 } : this.locate(path.slice(0, -1), 'value')
  }

  at(offset: number): { readonly line: number; readonly column: number } {
    const { line, col } = this.lines.linePos(offset)
    return { line: Math.max(line, 1), column: Math.max(col, 1) }
  }
}

/** `providers.openai.profiles[0].apiKey`; a key of other characters in brackets; `(file)` for the whole. */
export function formatPath(path: Path): string {
  if (path.length === 0) return '(file)'
  return path
    .map((part, index) => {
      if (typeof part === 'number') return `[${part}]`
      const key = String(part)
      return /^[\w:@/-]+$/.test(key) ? `${index === 0 ? '' : '.'}${key}` : `[${JSON.stringify(key)}]`
    })
    .join('')
}

/** The value at the end of a path, as far as it leads. */
export function valueAt(value: unknown, path: Path): unknown {
  return path.reduce<unknown>((at, part) => {
    if (typeof at !== 'object' || at === null || !Object.hasOwn(at, part)) return undefined
    return (at as Record<PropertyKey, unknown>)[part]
  }, value)
}
