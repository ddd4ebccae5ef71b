import { Command, CommanderError } from 'commander'
import { runDemo } from './commands/demo/command.ts'

/** Exit codes: done, it failed, wrong usage. */
type ExitCode = 0 | 1 | 2

/** Parses the arguments and runs the command they name. */
export async function runProgram(args: readonly string[]): Promise<ExitCode> {
  let exitCode: ExitCode = 0
  const program = new Command('hotspare')
    .description('Failover for software that depends on LLM providers.')
    .exitOverride()
    .configureHelp({ showGlobalOptions: true })
  program
    .command('demo')
    .description('play a story of failures through the library: no key, no network, about fifteen seconds')
    .option('--no-color', 'without colours, as with NO_COLOR=1')
    .exitOverride()
    .action(async ({ color }: { readonly color: boolean }) => {
      exitCode = (await runDemo({ output: process.stdout, wantsColor: color })) ? 0 : 1
    })
  try {
    await program.parseAsync([...args], { from: 'user' })
    return exitCode
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error
    return error.exitCode === 0 ? 0 : 2
  }
}
