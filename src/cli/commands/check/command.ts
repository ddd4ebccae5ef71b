import { formatMistake, loadConfiguration } from '../../../config/index.ts'
import { linesOf } from './lines.ts'
import { reportOn } from './report.ts'

export interface CheckOptions {
  /** The file, as it was named on the command line. */
  readonly path: string | undefined
  /** May it listen on a public address without client keys? */
  readonly isInsecureAllowed: boolean
  readonly isJson: boolean
  readonly environment: Readonly<Record<string, string | undefined>>
  readonly directory: string
  readonly output: { write(text: string): unknown }
  readonly errors: { write(text: string): unknown }
}

/** Shows what the configuration comes to, or everything that is wrong with it. @returns whether it is right */
export async function runCheck({
  path,
  isInsecureAllowed,
  isJson,
  environment,
  directory,
  output,
  errors,
}: CheckOptions): Promise<boolean> {
  const loaded = loadConfiguration({ path, environment, directory, isInsecureAllowed })
  const { source } = loaded
  if (loaded.state === 'invalid') {
    const { mistakes } = loaded
    output.write(isJson ? toJson({ source, mistakes }) : `configuration: ${source}\n`)
    for (const mistake of mistakes) errors.write(`${formatMistake(mistake)}\n`)
    return false
  }
  const report = await reportOn(loaded.setup)
  output.write(isJson ? toJson({ source, ...report, mistakes: [] }) : `${linesOf(source, report).join('\n')}\n`)
  return true
}

function toJson(value: object): string {
  return `${JSON.stringify(value, null, 2)}\n`
}
