import { describe, expect, it } from 'vitest'
import { configurationJsonSchema } from '../../src/config/schema.ts'
import { DEFAULT_SERVER } from '../../src/config/setup.ts'
import { FailoverManager } from '../../src/index.ts'
import { PREFILL_TABLE } from '../../src/upstream/prefill-table.ts'
import { readPage } from '../docs/pages.ts'
import { keysOf, keysTable, tableInPage } from './keys-table.ts'
import { mistakesIn } from './workspace.ts'

const PAGE = readPage('docs/config-file.md')

describe('docs/config-file.md', () => {
  it('lists every key as it is (else run: node test/config/keys-table.ts)', () => {
    expect(plain(tableInPage(PAGE))).toBe(plain(keysTable()))
  })

  it('has a default for every key', () => {
    expect(keysOf().filter((key) => key.default === '' || key.range === '')).toEqual([])
  })

  it('names every model that is known to go on from a prefill', () => {
    const [, section = ''] = PAGE.split(/^## Prefill$/m)
    const missing = PREFILL_TABLE.flatMap(({ endpoints, groups }) => [
      ...endpoints.map((endpoint) => new URL(endpoint).host),
      ...groups.flatMap(({ models }) => models.map((model) => model.replace(/-?\*$/, ''))),
    ]).filter((text) => !section.includes(`\`${text}`))
    expect(missing).toEqual([])
  })

  const blocks = [...PAGE.matchAll(/^```yaml\n([\s\S]*?)^```\n(?:\n```text\n([\s\S]*?)^```$)?/gm)]

  it.each(blocks.map(([, yaml = '', mistakes = '']) => [yaml, mistakes] as const))(
    'is right about: %s',
    (yaml, mistakes) => {
      const variables = [...yaml.matchAll(/[A-Z]+_[A-Z_2]*KEY[_23]*/g)].map(([name]) => [name, 'k-12345678'] as const)
      const surroundings = { environment: Object.fromEntries(variables), files: { 'keys/openai': 'k' } }
      expect(mistakesIn(yaml, surroundings)).toEqual(mistakes.split('\n').filter((line) => line !== ''))
    },
  )

  it('has such blocks', () => {
    expect(blocks.length).toBe(8)
    expect(blocks.filter(([, , mistakes]) => mistakes !== undefined).length).toBe(1)
  })
})

describe('the defaults that the schema tells', () => {
  const told = new Map(keysOf().map((key) => [key.path, key.default]))

  it.each(leavesOf(FailoverManager.withDefaults().status().config))("are the engine's: %s", (path, value) => {
    expect(told.get(path)).toBe(value)
  })

  const { keepAliveMs, clients: _, ...server } = DEFAULT_SERVER

  it.each(leavesOf({ server, stream: { keepAliveMs } }))("are the gateway's: %s", (path, value) => {
    expect(told.get(path)).toBe(value)
  })
})

describe('the JSON Schema', () => {
  it('is one that editors know, and closed', () => {
    expect(configurationJsonSchema()).toMatchObject({
      $schema: 'https://json-schema.org/draft/2020-12/schema',
      type: 'object',
      required: ['providers'],
      additionalProperties: false,
      properties: { retry: { properties: { attempts: { type: 'integer', minimum: 1, default: 3 } } } },
    })
  })
})

/** The leaves that are a number, a text or a boolean, as the page writes them. */
function leavesOf(value: object, prefix = ''): [path: string, value: string][] {
  return Object.entries(value).flatMap(([key, item]): [string, string][] => {
    const path = `${prefix}${key}`
    if (typeof item === 'object' && item !== null) return Array.isArray(item) ? [] : leavesOf(item, `${path}.`)
    return item === undefined ? [] : [[path, `\`${item}\``]]
  })
}

/** Formatting aside. */
function plain(table: string): string {
  return table.replace(/-{3,}/g, '---').replace(/ +/g, ' ').trim()
}
