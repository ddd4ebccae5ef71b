import { benchCall } from './call.ts'
import { machine } from './measure.ts'

const SUITES: Readonly<Record<string, () => Promise<void>>> = { call: benchCall }

const names = process.argv.slice(2)
const unknown = names.filter((name) => !Object.hasOwn(SUITES, name))
if (unknown.length > 0) {
  process.stderr.write(`no such benchmark: ${unknown.join(', ')}; there are ${Object.keys(SUITES).join(', ')}\n`)
  process.exitCode = 2
} else {
  process.stdout.write(`${machine()}\n`)
  for (const [name, suite] of Object.entries(SUITES)) if (names.length === 0 || names.includes(name)) await suite()
}
