import { execFile } from 'node:child_process'
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { brokenPromise, type CodeBlock, codeBlocksOf, promisedOutput } from './code-blocks.ts'
import { pagePaths, ROOT_PATH, readPage } from './pages.ts'

/**
 * Inside the project, so that `import … from 'hotspare'` means the project itself; ignored by git; not below
 * node_modules, where Node.js runs no TypeScript and finds no project.
 */
const DIRECTORY = join(ROOT_PATH, 'coverage', `docs-blocks-${process.pid}`)
const NODE = join(ROOT_PATH, 'node_modules', '.bin', 'node')
const TIMEOUT_MS = 30_000

const pages = pagePaths().map((path) => ({ path, blocks: codeBlocksOf(path, readPage(path)) }))

beforeAll(() => {
  mkdirSync(DIRECTORY, { recursive: true })
})

afterAll(() => {
  rmSync(DIRECTORY, { recursive: true, force: true })
})

describe('the code blocks of the docs', () => {
  const blocks = pages.flatMap((page) => page.blocks).filter(({ noRunReason }) => noRunReason === undefined)

  it('are found', () => {
    expect(blocks.length).toBeGreaterThan(20)
  })

  it('are sound in their types', { timeout: TIMEOUT_MS }, async () => {
    const types = join(DIRECTORY, 'types')
    mkdirSync(types)
    const compilerOptions = { noUnusedLocals: false, noUnusedParameters: false }
    writeFileSync(
      join(types, 'tsconfig.json'),
      JSON.stringify({ extends: join(ROOT_PATH, 'tsconfig.json'), compilerOptions, include: ['*.ts'] }),
    )
    for (const block of blocks) writeFileSync(join(types, fileOf(block)), sourceOf(block))
    const { exitCode, output } = await runNode(
      [join(ROOT_PATH, 'node_modules', 'typescript', 'bin', 'tsc'), '-p', types],
      types,
    )
    expect(exitCode, output).toBe(0)
  })

  // Two at a time: the blocks of even and of odd number each wait for their like.
  const lanes = [Promise.resolve(), Promise.resolve()] as [Promise<unknown>, Promise<unknown>]
  describe.concurrent('run', () => {
    it.each(blocks.map((block, index) => [block.place, block, index] as const))(
      '%s',
      { timeout: TIMEOUT_MS * blocks.length },
      async (_place, block, index) => {
        const lane = index % 2
        const run = (lane === 0 ? lanes[0] : lanes[1]).then(() => runBlock(block))
        lanes[lane === 0 ? 0 : 1] = run
        const { exitCode, output, errors } = await run
        expect(exitCode, `${output}\n${errors}`).toBe(0)
        expect(brokenPromise(promisedOutput(block.code), output.split('\n')), output).toBeUndefined()
      },
    )
  })
})

interface Outcome {
  readonly exitCode: number | string | null | undefined
  readonly output: string
  readonly errors: string
}

/** A module of its own; line numbers in its errors are those of the page. */
function sourceOf({ code, line }: CodeBlock): string {
  return `${'\n'.repeat(line - 1)}${code}\nexport {}\n`
}

function fileOf({ place }: CodeBlock): string {
  return `${place.replaceAll(/[^a-z0-9]+/gi, '-')}.ts`
}

/** Runs a block in a process of its own. */
function runBlock(block: CodeBlock): Promise<Outcome> {
  const file = join(DIRECTORY, fileOf(block))
  writeFileSync(file, sourceOf(block))
  return runNode([file], DIRECTORY)
}

function runNode(args: readonly string[], cwd: string): Promise<Outcome> {
  return new Promise((resolve) => {
    const env = { PATH: process.env.PATH, NODE_NO_WARNINGS: '1' }
    const options = { cwd, env, timeout: TIMEOUT_MS, killSignal: 'SIGKILL' } as const
    const child = execFile(NODE, args, options, (error, output, errors) => {
      resolve({ exitCode: error === null ? child.exitCode : (error.code ?? error.signal), output, errors })
    })
  })
}
