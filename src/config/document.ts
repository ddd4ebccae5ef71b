import { type Document, isAlias, isMap, isScalar, isSeq, type Node, parseDocument, type YAMLError } from 'yaml'
import { type Environment, expand, shield, unshield } from './expand.ts'
import type { Mistakes } from './mistakes.ts'
import type { Path, Places } from './places.ts'

/** Aliases may make a small file large; no configuration has so many values. */
const MAX_VALUES = 100_000
const MAX_DEPTH = 64

/** What the parser's codes mean to somebody who writes YAML. None of them repeats what stands there: it may be a key. */
const SYNTAX: Partial<Record<YAMLError['code'], string>> = {
  BAD_ALIAS: 'this alias or anchor (* or &) has no proper name',
  BAD_DQ_ESCAPE: "there is no such escape in double quotes; write \\\\ for a backslash, or use single quotes: '…'",
  BAD_INDENT: 'the indentation is wrong, or a [ or { is not closed',
  BAD_SCALAR_START: 'an unquoted text cannot begin with this character; put it in quotes',
  BLOCK_AS_IMPLICIT_KEY:
    'there is a second ": " in this line, or its indentation is wrong; put a text with ": " in quotes',
  DUPLICATE_KEY: 'this key is here twice; each key may stand in a map once',
  MISSING_CHAR: 'a closing quote, bracket, comma, colon or space is missing',
  MULTILINE_IMPLICIT_KEY: 'a ":" is missing behind a key, or the indentation is wrong',
  MULTIPLE_DOCS: 'a second document begins here (---); there may be only one',
  TAB_AS_INDENT: 'a tab indents this line; YAML is indented with spaces',
  TAG_RESOLVE_FAILED: 'tags (a word with ! in front) are not known here; put the text in quotes',
  UNEXPECTED_TOKEN: 'this is not expected here; check brackets, quotes and indentation in front of it',
}

/**
 * Parses YAML or JSON, notes where each value stands, and reads variables into every text.
 *
 * @returns the value; undefined where the syntax leaves too much in doubt
 */
export function readDocument(source: string, environment: Environment, places: Places, mistakes: Mistakes): unknown {
  const document = parseDocument(shield(source), { prettyErrors: false, lineCounter: places.lines })
  const slips = [...document.errors, ...document.warnings]
  for (const { code, pos } of slips)
    mistakes.addAt(places.at(pos[0]), '(file)', SYNTAX[code] ?? 'this is not valid YAML')
  if (slips.some(({ code }) => code !== 'DUPLICATE_KEY' && code !== 'TAG_RESOLVE_FAILED')) return undefined
  return new Reader(document, environment, places, mistakes).read(document.contents, [], undefined, [])
}

class Reader {
  readonly #document: Document
  readonly #environment: Environment
  readonly #places: Places
  readonly #mistakes: Mistakes
  #values = 0

  constructor(document: Document, environment: Environment, places: Places, mistakes: Mistakes) {
    this.#document = document
    this.#environment = environment
    this.#places = places
    this.#mistakes = mistakes
  }

  /** @param within the nodes that hold this one */
  read(node: Node | null, path: Path, key: number | undefined, within: readonly Node[]): unknown {
    const value = node?.range?.[0] ?? key ?? 0
    this.#values += 1
    this.#places.set(path, { key, value, variables: [] })
    if (node === null) return null
    if (isAlias(node)) return this.#readAlias(node.resolve(this.#document), path, key, value, within)
    if (within.length > MAX_DEPTH || this.#values > MAX_VALUES) {
      this.#mistakes.addAt(this.#places.at(value), '(file)', 'there are too many values, or they lie too deep')
      return null
    }
    const holders = [...within, node]
    if (isSeq<Node | null>(node))
      return node.items.map((item, index) => this.read(item, [...path, index], undefined, holders))
    if (isMap<Node, Node | null>(node)) {
      const entries = node.items.map((pair) => {
        const name = isScalar(pair.key) ? unshield(String(pair.key.value)) : '?'
        return [name, this.read(pair.value, [...path, name], pair.key.range?.[0], holders)] as const
      })
      return Object.fromEntries(entries)
    }
    if (!isScalar(node)) return null
    return typeof node.value === 'string' ? this.#readText(unshield(node.value), path, key, value) : node.value
  }

  #readAlias(
    target: Node | undefined,
    path: Path,
    key: number | undefined,
    value: number,
    within: readonly Node[],
  ): unknown {
    if (target === undefined || within.includes(target)) {
      const wrong =
        target === undefined
          ? 'there is no anchor (&) of this name in front of it'
          : 'it stands for something that holds it'
      this.#mistakes.add(path, `this alias (*) leads nowhere: ${wrong}`)
      return null
    }
    const read = this.read(target, path, key, within)
    this.#places.set(path, { key, value, variables: this.#places.variablesOf(path) })
    return read
  }

  #readText(source: string, path: Path, key: number | undefined, value: number): string {
    const { text, missing, isMalformed, variables } = expand(source, this.#environment)
    this.#places.set(path, { key, value, variables })
    if (isMalformed) this.#mistakes.add(path, MALFORMED)
    else if (missing.length > 0) this.#mistakes.add(path, notSet(missing))
    return text
  }
}

const MALFORMED = `here "\${" begins no variable; allowed are \${NAME} and \${NAME:-default}, and $\${ for a "\${" as such`

/** What is said of variables that are needed and not there. */
export function notSet(names: readonly string[]): string {
  const one = names[0] ?? ''
  return names.length === 1
    ? `the environment variable ${one} is not set or empty; set it, or write \${${one}:-default}`
    : `the environment variables ${names.join(', ')} are not set or empty; set them, or write \${${one}:-default}`
}
