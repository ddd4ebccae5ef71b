import { readdirSync, readFileSync } from 'node:fs'
import { sep } from 'node:path'
import { type CallExpression, type NewExpression, type Node, parseSync, Visitor } from 'oxc-parser'
import { analyse } from 'scslre'
import { describe, expect, it } from 'vitest'

/** The rooms through which every byte of an answer may go. */
const ROOMS: readonly (string | undefined)[] = ['failure', 'dialects', 'stream']
const ROOT = new URL('../', import.meta.url)
const files = readdirSync(ROOT, { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.ts') && !file.endsWith('.test.ts'))
  .map((file) => ({ file, source: readFileSync(new URL(file, ROOT), 'utf8') }))

/** Methods of texts that make a regular expression of a text they are given. */
const MAKERS: ReadonlySet<string | undefined> = new Set(['match', 'matchAll', 'search'])

interface Expressions {
  /** Those that can be read in the source: literals, and what is made of texts that are written there. */
  readonly written: readonly RegExp[]
  /** Lines that name the constructor for anything else: what it makes is known only while it runs. */
  readonly unwritten: readonly string[]
}

/** Every regular expression of a source. */
function expressionsIn(source: string): Expressions {
  const written: RegExp[] = []
  const unwritten: string[] = []
  /** Where the constructor's name makes nothing, or makes what has been read. */
  const harmless = new Set<Node>()
  const readCall = ({ callee, arguments: given }: CallExpression | NewExpression): void => {
    const maker = nameOf(callee)
    const isConstructor = maker?.name === 'RegExp'
    if (!isConstructor && !(callee.type === 'MemberExpression' && MAKERS.has(maker?.name))) return
    const [pattern, flags = ''] = given.map(writtenText)
    if (pattern === undefined || given.map(writtenText).includes(undefined)) return
    if (isConstructor) harmless.add(maker)
    written.push(new RegExp(pattern, flags))
  }
  new Visitor({
    Literal(node) {
      if ('regex' in node && node.regex !== null) written.push(new RegExp(node.regex.pattern, node.regex.flags))
    },
    NewExpression: readCall,
    CallExpression: readCall,
    BinaryExpression({ operator, right }) {
      if (operator === 'instanceof') harmless.add(right)
    },
    TSTypeReference({ typeName }) {
      harmless.add(typeName)
    },
    Identifier(node) {
      if (node.name === 'RegExp' && !harmless.has(node)) unwritten.push(lineAt(source, node.start))
    },
  }).visit(parseSync('source.ts', source).program)
  return { written, unwritten }
}

/** The last name of `RegExp`, `globalThis.RegExp` or `text.match`. */
function nameOf(callee: Node): (Node & { readonly name: string }) | undefined {
  const last = callee.type === 'MemberExpression' ? callee.property : callee
  return last.type === 'Identifier' ? last : undefined
}

function writtenText(node: Node): string | undefined {
  if (node.type === 'Literal') return typeof node.value === 'string' ? node.value : undefined
  if (node.type !== 'TemplateLiteral' || node.expressions.length > 0) return undefined
  return node.quasis[0]?.value.cooked ?? undefined
}

function lineAt(source: string, place: number): string {
  const end = source.indexOf('\n', place)
  return source.slice(source.lastIndexOf('\n', place) + 1, end === -1 ? undefined : end).trim()
}

/** Ways in which an expression takes more than linear time: exponential, or polynomial (also by where it may begin). */
function slownessOf(expression: RegExp): readonly string[] {
  return analyse(expression).reports.map(({ type, exponential }) => `${type}${exponential ? ', exponential' : ''}`)
}

describe('regular expressions', () => {
  const all = files.map(({ file, source }) => ({ file, ...expressionsIn(source) }))
  const ofAnswers = all.filter(({ file, written }) => written.length > 0 && ROOMS.includes(file.split(sep)[0]))

  it('that look at answers are found in every room', () => {
    expect(new Set(ofAnswers.map(({ file }) => file.split(sep)[0]))).toEqual(new Set(ROOMS))
    expect(ofAnswers.flatMap(({ written }) => written).length).toBeGreaterThan(40)
  })

  it.each(ofAnswers)('that look at answers in $file take linear time', ({ written }) => {
    for (const expression of written) expect(slownessOf(expression), `${expression}`).toEqual([])
  })

  it('are written down, never put together while it runs, in all of the package', () => {
    expect(all.filter(({ unwritten }) => unwritten.length > 0)).toEqual([])
  })

  it.each([/(a+)+b/, /(?:a|ab)(?:c|bcd)(?:d*)x*x*y/, /\s+$/, /a*a*b/, /\d+[a-z0-9]*$/])(
    'would be seen if %s were there',
    (slow) => {
      expect(slownessOf(slow)).not.toEqual([])
    },
  )

  it.each([
    'const made = /(a+)+b/g',
    "const made = new RegExp('(a+)+b', 'g')",
    "const made = RegExp('(a+)+b', 'g')",
    'const made = new RegExp(`(a+)+b`, `g`)',
    "const made = new globalThis.RegExp('(a+)+b', 'g')",
  ])('would be read in: %s', (source) => {
    expect(expressionsIn(source)).toEqual({ written: [/(a+)+b/g], unwritten: [] })
  })

  it.each(["text.match('(a+)+b')", "text?.search('(a+)+b')", 'text.matchAll(`(a+)+b`)'])(
    'would be read in: %s',
    (source) => {
      expect(expressionsIn(source)).toEqual({ written: [/(a+)+b/], unwritten: [] })
    },
  )

  it.each([
    'const made = new RegExp(pattern)',
    'const made = RegExp(pattern)',
    `const made = new RegExp(\`a\${pattern}\`)`,
    "const made = new RegExp('a', flags)",
    'const made = new RegExp(...parts)',
    'const made = new globalThis.RegExp(pattern)',
    'const made = Reflect.construct(RegExp, [pattern])',
    'const Maker = RegExp',
    'class Mine extends RegExp {}',
  ])('would be missed, and told of, in: %s', (source) => {
    expect(expressionsIn(`const before = 1\n  ${source}\n`)).toEqual({ written: [], unwritten: [source] })
  })

  it.each(['const isMade = value instanceof RegExp', 'function run(pattern: RegExp): RegExp | undefined {}'])(
    'are not made in: %s',
    (source) => {
      expect(expressionsIn(source)).toEqual({ written: [], unwritten: [] })
    },
  )
})
