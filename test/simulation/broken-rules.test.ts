import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { beforeAll, expect, test } from 'vitest'
import type { Catch } from './broken-engine.ts'
import { BROKEN_RULES, type BrokenRule } from './broken-rules.ts'

const NODE = fileURLToPath(new URL('../../node_modules/.bin/node', import.meta.url))
const MAIN = fileURLToPath(new URL('broken-engine.ts', import.meta.url))
/** Each is a process that wants a core for itself. */
const AT_ONCE = 2

const run = promisify(execFile)
const catches = new Map(BROKEN_RULES.map(({ name }) => [name, Promise.withResolvers<Catch>()]))

beforeAll(() => {
  // Whoever asks for it hears of it.
  for (const { promise } of catches.values()) promise.catch(() => {})
  const left = BROKEN_RULES.values()
  for (let worker = 0; worker < AT_ONCE; worker += 1) void work(left)
})

test.each(BROKEN_RULES)('an invariant notices when $name', { timeout: 300_000 }, async ({ name, caughtBy }) => {
  const caught = await catches.get(name)?.promise
  console.log(`${name}: ${caught?.rule ?? 'not caught'}, in ${caught?.worlds} worlds`)
  expect(caughtBy, caught?.text).toContain(caught?.rule)
})

/** One after the other; the others take theirs from the same list. */
async function work(left: Iterator<BrokenRule>): Promise<void> {
  for (let next = left.next(); !next.done; next = left.next()) {
    const { name } = next.value
    const settlers = catches.get(name)
    await run(NODE, [MAIN, name]).then(
      ({ stdout }) => settlers?.resolve(JSON.parse(stdout)),
      (error: unknown) => settlers?.reject(error),
    )
  }
}
