import { describe, expect, it } from 'vitest'
import { formatMistake } from '../../src/config/index.ts'
import { EXAMPLE_SUBJECT, readScenario, shippedScenarios } from '../../src/simulate/index.ts'
import { toScenario } from '../../src/simulate/to-scenario.ts'
import { Workspace } from '../config/workspace.ts'
import { readPage, tableRows } from '../docs/pages.ts'
import { keysOf, keysTable, tableInPage } from './keys-table.ts'

const PAGE = readPage('docs/simulate.md')

describe('docs/simulate.md', () => {
  it('lists every key of a scenario as it is (else run: node test/simulate/keys-table.ts)', () => {
    expect(plain(tableInPage(PAGE))).toBe(plain(keysTable()))
  })

  it('has a default for every key, and says what it may be', () => {
    expect(keysOf().filter((key) => key.default === '' || key.range === '' || key.meaning === '')).toEqual([])
  })

  it('tells the defaults that are really taken', () => {
    const { traffic, answers, faults } = toScenario('', { faults: [{ limit: { requestsPerMinute: 1 } }] })
    const taken = {
      'traffic.perSecond': traffic.perSecond,
      'traffic.minutes': traffic.minutes,
      'traffic.streaming': traffic.isStreaming,
      'faults[].from': faults[0]?.fromMs,
      'faults[].limit.window': faults[0]?.limit?.window,
      'faults[].limit.retryAfter': faults[0]?.limit?.retryAfter,
      'faults[].limit.quotaHeaders': faults[0]?.limit?.quotaHeaders,
      'faults[].limit.shared': faults[0]?.limit?.shared,
      ...Object.fromEntries(Object.entries(answers).map(([key, value]) => [`answers.${key}`, value])),
    }
    const told = new Map(keysOf().map((key) => [key.path, key.default]))
    const written = Object.entries(taken).map(([path, value]) => [path, `\`${value}\``])
    expect(written).toEqual(Object.keys(taken).map((path) => [path, told.get(path)]))
    // Whatever has a default that can be written down has it there.
    const writable = keysOf().filter((key) => key.default.startsWith('`') && key.path !== 'version')
    expect(writable.map(({ path }) => path).sort()).toEqual(Object.keys(taken).sort())
  })

  it('lists the scenarios there are', () => {
    const names = shippedScenarios().map(({ name, description }) => [`\`${name}\``, description])
    const rows = tableRows(PAGE)
    const first = rows.findIndex(([cell]) => cell === names[0]?.[0])
    expect(rows.slice(first, first + names.length)).toEqual(names)
  })

  it('has an example that is right', async () => {
    const [, yaml = ''] = /^```yaml\n([\s\S]*?)^```$/m.exec(PAGE) ?? []
    using workspace = new Workspace({ 'outage.yaml': yaml })
    const { directory } = workspace
    const read = await readScenario({ path: 'outage.yaml', directory, environment: {}, subject: EXAMPLE_SUBJECT })
    expect(read.state === 'invalid' ? read.mistakes.map(formatMistake) : []).toEqual([])
    expect(read.state === 'valid' && read.scenario.faults).toHaveLength(3)
  })
})

/** Formatting aside. */
function plain(table: string): string {
  return table.replace(/-{3,}/g, '---').replace(/ +/g, ' ').trim()
}
