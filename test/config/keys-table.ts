import { writeFileSync } from 'node:fs'
import { configurationJsonSchema } from '../../src/config/schema.ts'
import { readPage } from '../docs/pages.ts'

/**
 * The tables of `docs/config-file.md`, made from the schema itself. After the schema has changed:
 * `node test/config/keys-table.ts`.
 */
const PAGE = 'docs/config-file.md'
const BEGIN = '<!-- keys: made by test/config/keys-table.ts -->'
const END = '<!-- end of keys -->'

/** What is read of a JSON Schema. */
interface Node {
  readonly type?: string
  readonly description?: string
  readonly default?: unknown
  readonly const?: unknown
  readonly enum?: readonly unknown[]
  readonly minimum?: number
  readonly exclusiveMinimum?: number
  readonly maximum?: number
  readonly maxItems?: number
  readonly pattern?: string
  readonly anyOf?: readonly Node[]
  readonly not?: Node
  readonly properties?: Readonly<Record<string, Node>>
  readonly additionalProperties?: Node | boolean
  readonly items?: Node
}

interface Key {
  readonly path: string
  readonly meaning: string
  readonly range: string
  /** As it is written in the file; otherwise what comes of leaving the key out. */
  readonly default: string
}

/** Every key that holds a value, in the order of the schema. */
export function keysOf(node: Node = configurationJsonSchema(), path = ''): Key[] {
  const { properties, additionalProperties: named, items } = node
  if (properties !== undefined) {
    return Object.entries(properties).flatMap(([key, item]) => keysOf(item, path === '' ? key : `${path}.${key}`))
  }
  if (typeof named === 'object' && named.properties !== undefined)
    return [keyOf(node, path), ...keysOf(named, `${path}.NAME`)]
  if (typeof named === 'object' && named.type === 'array') return [keyOf(node, `${path}.NAME`)]
  if (items?.properties !== undefined) return [keyOf(node, path), ...keysOf(items, `${path}[]`)]
  return [keyOf(node, path)]
}

function keyOf(node: Node, path: string): Key {
  const [, meaning = '', required, fallback] =
    /^(.*?)(?:\. (Required.*?))?(?:\. Default: (.*))?$/s.exec(node.description ?? '') ?? []
  const written = node.default === undefined ? undefined : `\`${JSON.stringify(node.default).replaceAll('"', '')}\``
  return { path, meaning, range: rangeOf(node), default: written ?? fallback ?? required?.toLowerCase() ?? '' }
}

function rangeOf({
  type,
  enum: values,
  const: only,
  minimum,
  exclusiveMinimum,
  maximum,
  maxItems,
  pattern,
  anyOf,
  not,
}: Node): string {
  if (values !== undefined) return values.map((value) => `\`${value}\``).join(', ')
  if (only !== undefined) return `\`${only}\``
  if (anyOf?.some((node) => node.type === 'object')) return '[one of four](#secrets)'
  if (anyOf !== undefined) return anyOf.map(rangeOf).join(', ')
  if (not !== undefined) return 'nothing'
  if (maxItems === 0) return '`[]`'
  if (type === 'boolean') return '`true`, `false`'
  if (type === 'array') return 'a list'
  if (type === 'object') return 'a map'
  if (pattern === '^\\S+$') return 'no white space'
  if (type === 'string') return 'a text'
  if (exclusiveMinimum !== undefined && exclusiveMinimum === 0) return 'more than 0'
  const whole = type === 'integer' ? 'whole, ' : ''
  if (minimum === undefined) return type === 'number' ? 'any number' : ''
  return maximum === undefined || maximum === Number.MAX_SAFE_INTEGER
    ? `${whole}from ${minimum}`
    : `${whole}${minimum} to ${maximum}`
}

/** One Markdown table. */
export function keysTable(): string {
  const rows = keysOf().map(
    ({ path, ...rest }) => `| \`${path}\` | ${rest.meaning} | ${rest.range} | ${rest.default} |`,
  )
  return ['| key | meaning | range | default |', '| --- | --- | --- | --- |', ...rows].join('\n')
}

/** What the page holds between the marks. */
export function tableInPage(page: string = readPage(PAGE)): string {
  return page.slice(page.indexOf(BEGIN) + BEGIN.length, page.indexOf(END)).trim()
}

if (import.meta.main) {
  const page = readPage(PAGE)
  const begin = page.indexOf(BEGIN) + BEGIN.length
  writeFileSync(PAGE, `${page.slice(0, begin)}\n\n${keysTable()}\n\n${page.slice(page.indexOf(END))}`)
}
