import { readdirSync, readFileSync } from 'node:fs'
import { parseSync, Visitor } from 'oxc-parser'
import { analyse } from 'scslre'
import { describe, expect, it } from 'vitest'

/** The rooms through which every byte of an answer may go. */
const ROOMS = ['failure', 'dialects', 'stream'] as const
const files = ROOMS.flatMap((room) =>
  readdirSync(new URL(`../${room}/`, import.meta.url), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts') && !file.endsWith('.test.ts'))
    .map((file) => `${room}/${file}`),
)

/** Every regular expression that is written in the source of a file, and whether it makes others while it runs. */
function expressionsIn(file: string): { readonly literals: readonly RegExp[]; readonly makesOthers: boolean } {
  const source = readFileSync(new URL(`../${file}`, import.meta.url), 'utf8')
  const literals: RegExp[] = []
  let makesOthers = false
  new Visitor({
    Literal(node) {
      if ('regex' in node && node.regex !== null) literals.push(new RegExp(node.regex.pattern, node.regex.flags))
    },
    NewExpression({ callee }) {
      makesOthers ||= callee.type === 'Identifier' && callee.name === 'RegExp'
    },
  }).visit(parseSync(file, source).program)
  return { literals, makesOthers }
}

/** Ways in which an expression takes more than linear time: exponential, or polynomial (also by where it may begin). */
function slownessOf(expression: RegExp): readonly string[] {
  return analyse(expression).reports.map(({ type, exponential }) => `${type}${exponential ? ', exponential' : ''}`)
}

describe('regular expressions that look at answers', () => {
  const all = files.map((file) => ({ file, ...expressionsIn(file) }))

  it('are found', () => {
    expect(all.flatMap(({ literals }) => literals).length).toBeGreaterThan(40)
  })

  it.each(all.filter(({ literals }) => literals.length > 0))('of $file take linear time', ({ literals }) => {
    for (const literal of literals) expect(slownessOf(literal), `${literal}`).toEqual([])
  })

  it('are written down, never put together while it runs', () => {
    expect(all.filter(({ makesOthers }) => makesOthers).map(({ file }) => file)).toEqual([])
  })

  it.each([/(a+)+b/, /(?:a|ab)(?:c|bcd)(?:d*)x*x*y/, /\s+$/, /a*a*b/, /\d+[a-z0-9]*$/])(
    'would be seen if %s were there',
    (slow) => {
      expect(slownessOf(slow)).not.toEqual([])
    },
  )
})
