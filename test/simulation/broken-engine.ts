/**
 * Runs worlds with an engine in which one rule is broken, until an invariant notices: a process of its own, in which the
 * engine's source is changed as it is loaded. Its argument is the rule's name; it writes one line of JSON.
 */
import { registerHooks } from 'node:module'
import { BROKEN_RULES, type Edit } from './broken-rules.ts'

/** Worlds in which a broken rule may show itself. */
const MAX_WORLDS = 2_000
const SEED = 2

/** What came of it: which invariant noticed, and how many worlds it took. */
export interface Catch {
  readonly rule: string | undefined
  readonly text: string | undefined
  readonly worlds: number
}

const rule = BROKEN_RULES.find(({ name }) => name === process.argv[2])
if (rule === undefined) throw new Error(`there is no rule ${process.argv[2]}`)
const edits = Map.groupBy(rule.edits, ({ file }) => new URL(`../../src/engine/${file}`, import.meta.url).href)
const loaded = new Set<string>()

registerHooks({
  load(url, context, nextLoad) {
    const result = nextLoad(url, context)
    const own = edits.get(url)
    if (own === undefined) return result
    loaded.add(url)
    return { ...result, source: own.reduce(edited, String(result.source)) }
  },
})

function edited(source: string, { file, find, replace }: Edit): string {
  const places = source.split(find).length - 1
  if (places !== 1) throw new Error(`${file} has ${places} places instead of one that say ${find}`)
  return source.replace(find, () => replace)
}

const { runWorld } = await import('./simulation.ts')
const { REQUESTS_A_WORLD } = await import('./many-worlds.ts')
const { deriveSeed } = await import('./random.ts')
for (const url of edits.keys()) if (!loaded.has(url)) throw new Error(`${url} is not part of the engine`)

let caught: Catch = { rule: undefined, text: undefined, worlds: 0 }
while (caught.rule === undefined && caught.worlds < MAX_WORLDS) {
  const { violations } = await runWorld(deriveSeed(SEED, caught.worlds), REQUESTS_A_WORLD)
  const notice = violations.find((violation) => rule.caughtBy.includes(violation.rule))
  caught = { rule: notice?.rule, text: notice?.text, worlds: caught.worlds + 1 }
}
console.log(JSON.stringify(caught))
// What an engine in pieces has left running is nobody's concern.
process.exit()
