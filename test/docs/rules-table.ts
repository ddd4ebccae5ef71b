import { readdirSync, writeFileSync } from 'node:fs'
import { MEANING_OF, type Rule, type RuleTable } from '../../src/failure/rule.ts'
import { readPage } from './pages.ts'

/**
 * The tables of `docs/failures.md` that list every rule, made from the rules themselves. After a rule has changed:
 * `node test/docs/rules-table.ts`.
 */
const RULES = new URL('../../src/failure/rules/', import.meta.url)
const PAGE = 'docs/failures.md'
const BEGIN = '<!-- rules: made by test/docs/rules-table.ts -->'
const END = '<!-- end of rules -->'

/** The rules of each file of src/failure/rules; within a list, in the order in which they are tried. */
export async function readRules(): Promise<ReadonlyMap<string, readonly Rule[]>> {
  const files = readdirSync(RULES).filter((file) => /^(?!index\b)[\w-]+\.ts$/.test(file) && !file.includes('.test.'))
  const tables = new Map<string, readonly Rule[]>()
  for (const file of files.sort()) {
    const exports = (await import(new URL(file, RULES).href)) as Record<string, unknown>
    // By name: runtimes list a module's exports in different orders. Single rules are tried after lists.
    const named = Object.entries(exports).sort(([a], [b]) => (a < b ? -1 : 1))
    const values = named.map(([, value]) => value)
    const ordered = [...values.filter(Array.isArray), ...values.filter((value) => !Array.isArray(value))]
    tables.set(file.slice(0, -'.ts'.length), ordered.flatMap(rulesIn))
  }
  return tables
}

/** One Markdown table for each file of rules. */
export async function rulesTables(): Promise<string> {
  const tables = [...(await readRules())].map(([name, rules]) =>
    [
      `### ${name}`,
      '',
      '| rule | reason | otherwise than usual | source |',
      '| --- | --- | --- | --- |',
      ...rules.map(rowOf),
    ].join('\n'),
  )
  return tables.join('\n\n')
}

/** What the page holds between the marks. */
export function tablesInPage(page: string): string {
  return page.slice(page.indexOf(BEGIN) + BEGIN.length, page.indexOf(END)).trim()
}

function rowOf(rule: Rule): string {
  const usual = MEANING_OF[rule.reason]
  const unusual = [
    rule.scope !== undefined && rule.scope !== usual.scope && `scope \`${rule.scope}\``,
    rule.nextStep !== undefined && rule.nextStep !== usual.nextStep && `next step \`${rule.nextStep}\``,
    rule.isRetryable !== undefined && rule.isRetryable !== usual.isRetryable && `retryable: ${rule.isRetryable}`,
    rule.mayRetryTarget === false && 'not the same target again',
  ].filter((text) => text !== false)
  const cells = [`\`${rule.id}\``, `\`${rule.reason}\``, unusual.join(', '), sourceOf(rule)]
  return `| ${cells.join(' | ')} |`
}

function sourceOf({ source }: Rule): string {
  if (!source.startsWith('https://')) return source.replaceAll('-', ' ')
  const { host, pathname } = new URL(source)
  const issue = /^\/([\w.-]+\/[\w.-]+)\/issues\/(\d+)$/.exec(pathname)
  return `[${issue === null ? host : `${issue[1]}#${issue[2]}`}](${source})`
}

/** A module exports single rules, lists of them, and tables of lists. */
function rulesIn(value: unknown): readonly Rule[] {
  if (Array.isArray(value)) return value.flatMap(rulesIn)
  if (typeof value !== 'object' || value === null) return []
  if (isTable(value)) return [...value.exact, ...value.typed, ...value.broad]
  return 'id' in value && 'when' in value ? [value as Rule] : []
}

function isTable(value: object): value is RuleTable {
  return 'exact' in value && 'typed' in value && 'broad' in value
}

if (import.meta.main) {
  const page = readPage(PAGE)
  const tables = await rulesTables()
  const begin = page.indexOf(BEGIN) + BEGIN.length
  writeFileSync(PAGE, `${page.slice(0, begin)}\n\n${tables}\n\n${page.slice(page.indexOf(END))}`)
}
