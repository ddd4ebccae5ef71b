import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { formatMistake, loadSettings } from '../../../config/index.ts'
import { DIALECT_NAMES } from '../../../dialects/index.ts'
import { DEFAULTS, type Settings } from '../../../engine/index.ts'
import { explain } from './explanation.ts'
import { linesOf } from './lines.ts'
import { readRawAnswer } from './raw-answer.ts'

export interface ExplainOptions {
  /** The file with the answer; `-` is the input. */
  readonly file: string
  readonly status: number | undefined
  readonly provider: string | undefined
  readonly dialect: string | undefined
  /** The configuration whose policy, rules and cooldowns hold; default: those of the package. */
  readonly configPath: string | undefined
  readonly isJson: boolean
  readonly environment: Readonly<Record<string, string | undefined>>
  readonly directory: string
  /** Epoch milliseconds. */
  readonly nowMs: number
  readonly input: AsyncIterable<Uint8Array | string>
  readonly output: { write(text: string): unknown }
  readonly errors: { write(text: string): unknown }
}

/** Shows what an answer means and what would be done about it. @returns the exit code */
export async function runExplain(options: ExplainOptions): Promise<0 | 2> {
  const { provider, dialect, nowMs, isJson, output, errors } = options
  if (dialect !== undefined && !DIALECT_NAMES.some((name) => name === dialect)) {
    // In the words in which the other options are refused.
    errors.write(
      `error: option '--dialect <name>' argument '${dialect}' is invalid. It must be ${DIALECT_NAMES.join(' or ')}.\n`,
    )
    return 2
  }
  const settings = settingsOf(options)
  if (settings === undefined) return 2
  let received: Uint8Array
  try {
    received =
      options.file === '-' ? await readAll(options.input) : readFileSync(resolve(options.directory, options.file))
  } catch (error) {
    const { code = 'an error' } = error as NodeJS.ErrnoException
    errors.write(`${options.file}: it cannot be read (${code}); name a file, or - for the input\n`)
    return 2
  }
  const { status, headers, body } = readRawAnswer(received)
  const evidence = { provider, dialect, status: options.status ?? status, headers, body, nowMs }
  const explanation = explain(evidence, settings)
  output.write(isJson ? `${JSON.stringify(explanation, null, 2)}\n` : `${linesOf(explanation).join('\n')}\n`)
  return 0
}

/** Undefined where the configuration is wrong, which has been said. */
function settingsOf({ configPath, environment, directory, errors }: ExplainOptions): Settings | undefined {
  if (configPath === undefined) return DEFAULTS
  const loaded = loadSettings({ path: configPath, environment, directory })
  if (loaded.state === 'valid') return loaded.settings
  for (const mistake of loaded.mistakes) errors.write(`${formatMistake(mistake)}\n`)
  return undefined
}

async function readAll(input: AsyncIterable<Uint8Array | string>): Promise<Uint8Array> {
  const chunks: Uint8Array[] = []
  for await (const chunk of input) chunks.push(typeof chunk === 'string' ? Buffer.from(chunk) : chunk)
  return Buffer.concat(chunks)
}
