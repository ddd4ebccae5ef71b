import { writeFileSync } from 'node:fs'
import { scenarioJsonSchema } from '../../src/simulate/scenario-schema.ts'
import { readPage } from '../docs/pages.ts'

/**
 * The table of `docs/simulate.md`, made from the schema itself. After the schema has changed:
 * `node test/simulate/keys-table.ts`.
 */
const PAGE = 'docs/simulate.md'
const BEGIN = '<!-- keys: made by test/simulate/keys-table.ts -->'
const END = '<!-- end of keys -->'

/** What is read of a JSON Schema. */
interface Node {
  readonly type?: string
  readonly description?: string
  readonly default?: unknown
  /** Ours: what may stand there, where the schema alone does not say it shortly. */
  readonly range?: string
  readonly enum?: readonly unknown[]
  readonly minimum?: number
  readonly exclusiveMinimum?: number
  readonly maximum?: number
  readonly properties?: Readonly<Record<string, Node>>
  readonly items?: Node
}

interface Key {
  readonly path: string
  readonly meaning: string
  readonly range: string
  /** As it is written in the file; otherwise what comes of leaving the key out. */
  readonly default: string
}

/** Every key, in the order of the schema. */
export function keysOf(node: Node = scenarioJsonSchema(), path = ''): Key[] {
  const { properties, items } = node
  if (properties !== undefined && path !== '')
    return [keyOf(node, path), ...Object.entries(properties).flatMap(([key, item]) => keysOf(item, `${path}.${key}`))]
  if (properties !== undefined) return Object.entries(properties).flatMap(([key, item]) => keysOf(item, key))
  if (items?.properties !== undefined) {
    const within = Object.entries(items.properties).flatMap(([key, item]) => keysOf(item, `${path}[].${key}`))
    return [keyOf(node, path), ...within]
  }
  return [keyOf(node, path)]
}

function keyOf(node: Node, path: string): Key {
  const [, meaning = '', fallback = ''] = /^(.*?)(?:\. Default: (.*))?$/s.exec(node.description ?? '') ?? []
  const written = node.default === undefined ? fallback : `\`${JSON.stringify(node.default).replaceAll('"', '')}\``
  return {
    path,
    meaning,
    range: node.range ?? rangeOf(node),
    default: node.properties === undefined ? written : 'none',
  }
}

function rangeOf({ type, enum: values, minimum, exclusiveMinimum, maximum }: Node): string {
  if (values !== undefined) return values.map((value) => `\`${value}\``).join(', ')
  if (type === 'boolean') return '`true`, `false`'
  if (type === 'array') return 'a list'
  if (type === 'object') return 'a map'
  if (type === 'string') return 'a text'
  if (exclusiveMinimum === 0) return 'more than 0'
  const whole = type === 'integer' ? 'whole, ' : ''
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
