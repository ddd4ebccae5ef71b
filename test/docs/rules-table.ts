import { writeFileSync } from 'node:fs'
import { type Condition, MEANING_OF, type Rule } from '../../src/failure/rule.ts'
import { ruleTables } from '../../src/failure/rules/index.ts'
import { PROVIDER_ALIASES } from '../../src/failure/rules/providers.ts'
import { readPage } from './pages.ts'

/**
 * The tables of `docs/rules.md`, which lists every rule, made from the rules themselves. After a rule has changed:
 * `node test/docs/rules-table.ts`.
 */
const PAGE = 'docs/rules.md'
const BEGIN = '<!-- rules: made by test/docs/rules-table.ts -->'
const END = '<!-- end of rules -->'

/** How many codes or phrases of a rule are shown. */
const MAX_SHOWN = 8

/** Every rule, in the order in which the rules of a table are tried. */
export function allRules(): readonly Rule[] {
  return [...ruleTables().values()].flat()
}

/** One Markdown table for each table of rules. */
export function rulesTables(): string {
  const tables = [...ruleTables()].map(([name, rules]) => {
    const aliases = [...PROVIDER_ALIASES].filter(([, table]) => table === name).map(([alias]) => `\`${alias}\``)
    return [
      `### ${name}`,
      '',
      ...(aliases.length === 0 ? [] : [`Also under the names ${aliases.join(', ')}.`, '']),
      '| rule | reason | evidence | otherwise than usual | source |',
      '| --- | --- | --- | --- | --- |',
      ...rules.map(rowOf),
    ].join('\n')
  })
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
  const cells = [`\`${rule.id}\``, `\`${rule.reason}\``, evidenceOf(rule.when), unusual.join(', '), sourceOf(rule)]
  return `| ${cells.join(' | ')} |`
}

function evidenceOf(when: Condition): string {
  const { status, codes, begins, anyOf, allOf, noneOf } = when
  const parts = [
    status !== undefined && `HTTP ${'min' in status ? `${status.min}–${status.max}` : status.join(', ')}`,
    codes !== undefined && codes.length > 0 && `codes ${listed(codes, '`')}`,
    begins !== undefined && `begins ${listed(begins, '"')}`,
    anyOf !== undefined && listed(anyOf, '"'),
    allOf === undefined ? false : allOf.map((item) => listed([item].flat(), '"')).join(' with '),
    noneOf !== undefined && `not ${listed(noneOf, '"')}`,
    when.isHtml === true && 'an HTML page',
    when.isHtml === false && 'no HTML page',
    when.isSilent === true && 'nothing is said',
    when.statesWait === true && 'says when to come back',
    when.statesWait === false && 'does not say when to come back',
    when.inStream === true && 'inside an answer',
    when.param !== undefined && `about ${when.param === 'model' ? 'the model' : 'a part of the request'}`,
  ]
  return parts.filter((part) => part !== false).join('; ')
}

function listed(items: readonly string[], mark: string): string {
  const shown = items
    .slice(0, MAX_SHOWN)
    .map((item) => `${mark}${item.trim().replaceAll('|', '\\|').replaceAll('\n', ' ')}${mark}`)
  return items.length > MAX_SHOWN ? `${shown.join(', ')} and ${items.length - MAX_SHOWN} more` : shown.join(', ')
}

function sourceOf({ source }: Rule): string {
  if (!source.startsWith('https://')) return `[${source.replace(/^docs\//, '')}](${source.replace(/^docs\//, '')})`
  const { host, pathname } = new URL(source)
  const issue = /^\/([\w.-]+\/[\w.-]+)\/(?:issues|pull)\/(\d+)$/.exec(pathname)
  return `[${issue === null ? host : `${issue[1]}#${issue[2]}`}](${source})`
}

if (import.meta.main) {
  const page = readPage(PAGE)
  const begin = page.indexOf(BEGIN) + BEGIN.length
  writeFileSync(PAGE, `${page.slice(0, begin)}\n\n${rulesTables()}\n\n${page.slice(page.indexOf(END))}`)
}
