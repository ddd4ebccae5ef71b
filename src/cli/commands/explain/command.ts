import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { formatMistake, loadConfiguration } from '../../../config/index.ts'
import { DEFAULTS } from '../../../engine/index.ts'
import { DEFAULT_SETTINGS, type ExplainSettings, explain } from './explanation.ts'
import { linesOf } from './lines.ts'
import { readRawAnswer } from './raw-answer.ts'

export interface ExplainOptions {
  /** The file with the answer; `-` is the input. */
  readonly file: string
  readonly status: number | undefined
  readonly provider: string | undefined
  readonly dialect: string | undefined
  /** The configuration whose rules and cooldowns hold; default: those of the package. */
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
  const settings = settingsOf(options)
  if (settings === undefined) return 2
  let text: string
  try {
    text =
      options.file === '-'
        ? await readAll(options.input)
        : readFileSync(resolve(options.directory, options.file), 'utf8')
  } catch (error) {
    const { code = 'an error' } = error as NodeJS.ErrnoException
    errors.write(`${options.file}: it cannot be read (${code}); name a file, or - for the input\n`)
    return 2
  }
  const { status, headers, body } = readRawAnswer(text)
  const evidence = { provider, dialect, status: options.status ?? status, headers, body, nowMs }
  const explanation = explain(evidence, settings)
  output.write(isJson ? `${JSON.stringify(explanation, null, 2)}\n` : `${linesOf(explanation).join('\n')}\n`)
  return 0
}

/** Undefined where the configuration is wrong, which has been said. */
function settingsOf({ configPath, environment, directory, errors }: ExplainOptions): ExplainSettings | undefined {
  if (configPath === undefined) return DEFAULT_SETTINGS
  const loaded = loadConfiguration({ path: configPath, environment, directory, isInsecureAllowed: true })
  if (loaded.state === 'invalid') {
    for (const mistake of loaded.mistakes) errors.write(`${formatMistake(mistake)}\n`)
    return undefined
  }
  const { rules = [], cooldown = {} } = loaded.setup.failover
  const { maxHintMs = DEFAULTS.cooldown.maxHintMs, ...ladders } = cooldown
  const filled = Object.entries(ladders).map(([kind, ladder]) => [
    kind,
    { ...DEFAULTS.cooldown[kind as keyof typeof ladders], ...ladder },
  ])
  return { rules, cooldown: { ...DEFAULTS.cooldown, ...Object.fromEntries(filled), maxHintMs } }
}

async function readAll(input: AsyncIterable<Uint8Array | string>): Promise<string> {
  const chunks: Uint8Array[] = []
  for await (const chunk of input) chunks.push(typeof chunk === 'string' ? Buffer.from(chunk) : chunk)
  return Buffer.concat(chunks).toString('utf8')
}
