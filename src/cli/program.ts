import { readFileSync } from 'node:fs'
import { Command, CommanderError } from 'commander'
import { runCheck } from './commands/check/command.ts'
import { runDemo } from './commands/demo/command.ts'

/** Exit codes: done, it failed, wrong usage. */
type ExitCode = 0 | 1 | 2

/** Parses the arguments and runs the command they name. */
export async function runProgram(args: readonly string[]): Promise<ExitCode> {
  let exitCode: ExitCode = 0
  const program = new Command('hotspare')
    .description('Failover for software that depends on LLM providers.')
    .version(versionOf(new URL('../../package.json', import.meta.url)), '--version')
    .exitOverride()
  program
    .command('demo')
    .description('play a story of failures through the library: no key, no network, about ten seconds')
    .option('--no-color', 'without colours, as with NO_COLOR=1')
    .exitOverride()
    .action(async ({ color }: { readonly color: boolean }) => {
      exitCode = (await runDemo({ output: process.stdout, wantsColor: color })) ? 0 : 1
    })
  program
    .command('check')
    .description('check the configuration and print what it comes to: each route with the targets it tries')
    .option('--config <path>', 'the file; default: HOTSPARE_CONFIG, ./hotspare.yaml, ./hotspare.json, the environment')
    .option('--json', 'print it as JSON')
    .exitOverride()
    .action(async ({ config, json = false }: { readonly config?: string; readonly json?: boolean }) => {
      const { env: environment, stdout: output, stderr: errors } = process
      const options = { path: config, isJson: json, environment, directory: process.cwd(), output, errors }
      exitCode = (await runCheck(options)) ? 0 : 2
    })
  try {
    await program.parseAsync([...args], { from: 'user' })
    return exitCode
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error
    return error.exitCode === 0 ? 0 : 2
  }
}

function versionOf(manifest: URL): string {
  const { version } = JSON.parse(readFileSync(manifest, 'utf8')) as { readonly version: string }
  return version
}
