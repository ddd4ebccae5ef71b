import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { accuracyTable } from '../../bench/classify.ts'
import { DEFAULTS } from '../../src/engine/options.ts'
import { MEANING_OF } from '../../src/failure/rule.ts'
import { accuracyInPage } from './accuracy-table.ts'
import { anchorsOf, pagePaths, readPage, tableRows, withoutBlocks } from './pages.ts'
import { allRules, rulesTables, tablesInPage } from './rules-table.ts'

/** The members of a union of texts that is declared in a source file. */
function membersOf(path: string, type: string): string[] {
  const source = readFileSync(new URL(`../../src/${path}`, import.meta.url), 'utf8')
  const declaration = new RegExp(`export type ${type} =([\\s\\S]*?)(?:\\n\\n|$)`).exec(source)?.[1] ?? ''
  return [...declaration.matchAll(/'(\w+)'/g)].map(([, member = '']) => member)
}

describe('docs/errors.md', () => {
  const codes = membersOf('failure/failover-error.ts', 'FailoverErrorCode')

  it('has a section, and so an anchor, for each error code', () => {
    expect(codes).toContain('ALL_TARGETS_FAILED')
    expect(anchorsOf(readPage('docs/errors.md'))).toEqual(
      expect.arrayContaining(codes.map((code) => code.toLowerCase())),
    )
  })

  it('has no section for a code that does not exist', () => {
    const sections = [...readPage('docs/errors.md').matchAll(/^## ([A-Z_]+)$/gm)].map(([, code]) => code)
    expect(sections.sort()).toEqual([...codes].sort())
  })
})

describe('docs/configuration.md', () => {
  const rows = tableRows(readPage('docs/configuration.md'))

  it.each(defaultsOf(DEFAULTS))('tells %s and its default %s', (path, value) => {
    const row = rows.find(([first]) => first === `\`${path}\``)
    expect(row?.slice(1).map((cell) => cell.replaceAll('_', ''))).toContain(`\`${value}\``)
  })

  it('tells every option there is', () => {
    const source = readFileSync(new URL('../../src/engine/options.ts', import.meta.url), 'utf8')
    const declared = /export interface FailoverOptions<[\s\S]*?\n}/.exec(source)?.[0] ?? ''
    const options = [...declared.matchAll(/^ {2}readonly (\w+)\?:/gm)].map(([, option]) => option)
    expect(options.length).toBeGreaterThan(10)
    const page = readPage('docs/configuration.md')
    for (const option of options) expect(page).toMatch(new RegExp(`\`${option}\\b`))
  })
})

describe('docs/events.md', () => {
  const source = readFileSync(new URL('../../src/engine/events.ts', import.meta.url), 'utf8')
  const union = /export type FailoverEvent =([\s\S]*?)\n\nexport/.exec(source)?.[1] ?? ''
  const events = union.split(/\n {2}\| /).flatMap((member) => {
    const types = [...(/readonly type: ([^\n;]+)/.exec(member)?.[1] ?? '').matchAll(/'(\w+)'/g)]
    const fields = [...member.matchAll(/readonly (\w+)\??: /g)].map(([, field = '']) => field)
    return types.map(([, type = '']) => [type, fields.filter((field) => field !== 'type' && field !== 'at')] as const)
  })
  const rows = tableRows(readPage('docs/events.md'))

  it('finds the events', () => {
    expect(events.map(([type]) => type)).toContain('cooldown_started')
    expect(events.length).toBeGreaterThan(15)
  })

  it.each(events)('tells %s with its fields', (type, fields) => {
    const row = rows.find((cells) => cells.length === 3 && cells[0] === `\`${type}\``)
    expect(row).toBeDefined()
    for (const field of fields) expect(row?.join(' ')).toContain(`\`${field}\``)
  })
})

describe('docs/rules.md', () => {
  it('lists every rule as it is (else run: node test/docs/rules-table.ts)', () => {
    expect(plain(tablesInPage(readPage('docs/rules.md')))).toBe(plain(rulesTables()))
  })

  it('lists rules whose ids are unique', () => {
    const ids = allRules().map(({ id }) => id)
    expect(new Set(ids).size).toBe(ids.length)
  })

  it('names a page or thread as the source of each', () => {
    for (const { id, source } of allRules())
      expect(source, id).toMatch(/^(?:https:\/\/\S+\.\S+|docs\/[\w-]+\.md(?:#[\w-]+)?)$/)
  })
})

describe('docs/failures.md', () => {
  const page = readPage('docs/failures.md')

  it('tells how often verdicts are right (else run: node test/docs/accuracy-table.ts)', () => {
    expect(plain(accuracyInPage(page))).toBe(plain(accuracyTable()))
  })

  it.each(Object.entries(MEANING_OF))('tells what %s means', (reason, { scope, nextStep }) => {
    const row = tableRows(page).find(([first]) => first === `\`${reason}\``)
    expect(row?.[2]).toContain(`\`${scope}\``)
    expect(row?.[3]).toContain(`\`${nextStep}\``)
  })
})

describe('docs/published-designs.md', () => {
  const page = readPage('docs/published-designs.md')

  it.each(['rsclaw', 'praisonai'])('names every test of %s, by its title', (design) => {
    const tests = readFileSync(new URL(`../published/${design}.test.ts`, import.meta.url), 'utf8')
    const titles = [...tests.matchAll(/^ {2}it\(\n?\s*'((?:[^'\\]|\\.)+)'|^ {2}it\("([^"]+)"|^ {2}\]\)\('([^']+)'/gm)]
      .map(([, single, double, each]) => single ?? double ?? each ?? '')
      .filter((title) => title !== '')
    expect(titles.length).toBeGreaterThan(15)
    for (const title of titles) expect(page).toContain(`_${title}_`)
  })

  it('names no test that does not exist', () => {
    const tests = ['rsclaw', 'praisonai'].map((design) => readPage(`test/published/${design}.test.ts`)).join('\n')
    const titles = tableRows(page).flatMap((row) =>
      [...(row.at(-1) ?? '').matchAll(/_([^_]+)_/g)].map(([, title]) => title),
    )
    expect(titles.length).toBeGreaterThan(30)
    for (const title of titles) expect(tests).toContain(title)
  })
})

describe('every page', () => {
  const paths = pagePaths()

  it.each(paths)('%s has links that lead somewhere', (path) => {
    const page = withoutBlocks(readPage(path))
    for (const [, target = ''] of page.matchAll(/\]\((?!https?:)([^)\s]+)\)/g)) {
      const [file = '', anchor] = target.split('#')
      const to = new URL(file === '' ? `../../${path}` : file, new URL(`../../${path}`, import.meta.url))
      const linked = file === '' ? page : readFileSync(to, 'utf8')
      if (anchor !== undefined) expect(anchorsOf(linked), `${path}: ${target}`).toContain(anchor)
    }
  })

  it.each(paths.filter((path) => path !== 'README.md' && path !== 'docs/README.md'))(
    '%s stands on the map in docs/README.md',
    (path) => {
      expect(readPage('docs/README.md')).toContain(`(${path.slice('docs/'.length)})`)
    },
  )
})

/** Every leaf of the defaults: its path and its value as it is written in code. */
function defaultsOf(defaults: object, prefix = ''): [path: string, value: string][] {
  return Object.entries(defaults).flatMap(([key, value]): [string, string][] => {
    const path = `${prefix}${key}`
    const isGroup =
      typeof value === 'object' && value !== null && !Array.isArray(value) && Object.keys(value).length > 0
    return isGroup ? defaultsOf(value, `${path}.`) : [[path, JSON.stringify(value).replaceAll('"', "'")]]
  })
}

/** Formatting aside. */
function plain(table: string): string {
  return table.replace(/-{3,}/g, '---').replace(/ +/g, ' ').trim()
}
