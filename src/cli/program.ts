import { readFileSync } from 'node:fs'
import { Command, CommanderError, InvalidArgumentError } from 'commander'

/** Exit codes: done, it failed, wrong usage. */
type ExitCode = 0 | 1 | 2

interface ServeArguments {
  readonly config?: string
  readonly host?: string
  readonly port?: number
  readonly insecure?: boolean
}

interface CheckArguments {
  readonly config?: string
  readonly insecure?: boolean
  readonly json?: boolean
}

interface ExplainArguments {
  readonly status?: number
  readonly provider?: string
  readonly dialect?: string
  readonly config?: string
  readonly json?: boolean
}

interface SimulateArguments {
  readonly config?: string
  readonly rate?: number
  readonly minutes?: number
  readonly route?: string
  readonly seed: number
  readonly json?: boolean
  readonly list?: boolean
}

const CONFIG_HELP = 'the file; default: HOTSPARE_CONFIG, ./hotspare.yaml, ./hotspare.json, the environment'

/** Parses the arguments and runs the command they name. What a command needs is loaded when it is called. */
export async function runProgram(args: readonly string[]): Promise<ExitCode> {
  let exitCode: ExitCode = 0
  const program = new Command('hotspare')
    .description('Failover for software that depends on LLM providers.')
    .version(versionOf(new URL('../../package.json', import.meta.url)), '--version')
    .exitOverride()
  program
    .command('demo')
    .description('play a story of failures through the gateway: no key, no network, about ten seconds')
    .option('--no-color', 'without colours, as with NO_COLOR=1')
    .option('--keep', 'leave the gateway running for requests of your own, until Ctrl-C')
    .exitOverride()
    .action(async ({ color, keep = false }: { readonly color: boolean; readonly keep?: boolean }) => {
      const { runDemo } = await import('./commands/demo/command.ts')
      const keepUntil = keep ? () => stopSignals().first : undefined
      exitCode = (await runDemo({ output: process.stdout, wantsColor: color, keepUntil })) ? 0 : 1
    })
  program
    .command('serve')
    .description('run the gateway: OpenAI and Anthropic clients change only their base URL')
    .option('--config <path>', CONFIG_HELP)
    .option('--host <address>', "where it listens, in place of the configuration's server.host (127.0.0.1)")
    .option('--port <number>', "in place of the configuration's server.port (4000); 0 takes a free one", parsePort)
    .option('--insecure', 'listen on a public address although there are no client keys: anybody spends your quota')
    .exitOverride()
    .action(async ({ config, host, port, insecure = false }: ServeArguments) => {
      const { runServe } = await import('./commands/serve/command.ts')
      const { env: environment, stdout: output, stderr: errors } = process
      exitCode = await runServe({
        path: config,
        host,
        port,
        isInsecureAllowed: insecure,
        environment,
        directory: process.cwd(),
        output,
        errors,
        stop: stopSignals(),
      })
    })
  program
    .command('check')
    .description('check the configuration and print what it comes to: each route with the targets it tries')
    .option('--config <path>', CONFIG_HELP)
    .option('--insecure', 'as for serve: a public address needs no client keys')
    .option('--json', 'print it as JSON')
    .exitOverride()
    .action(async ({ config, insecure = false, json = false }: CheckArguments) => {
      const { runCheck } = await import('./commands/check/command.ts')
      const { env: environment, stdout: output, stderr: errors } = process
      const what = { path: config, isInsecureAllowed: insecure, isJson: json }
      exitCode = (await runCheck({ ...what, environment, directory: process.cwd(), output, errors })) ? 0 : 2
    })
  program
    .command('explain')
    .description(
      'say what a failure means: its reason, how far it reaches, what would be done, until when, and by which rule',
    )
    .argument('<file>', 'a raw HTTP answer (curl -i), a JSON body, an event stream, or a line of a log; - is the input')
    .option('--status <number>', "the HTTP status, in place of the answer's", parseStatus)
    .option('--provider <name>', 'whose answer it is, such as openai or groq; its own rules then go first')
    .option('--dialect <name>', 'its wire format, for providers without rules of their own: openai or anthropic')
    .option('--config <path>', 'take the policy, rules and cooldowns of this configuration; no key of it is needed')
    .option('--json', 'print it as JSON')
    .exitOverride()
    .action(async (file: string, { status, provider, dialect, config, json = false }: ExplainArguments) => {
      const { runExplain } = await import('./commands/explain/command.ts')
      const { systemClock } = await import('../index.ts')
      const { env: environment, stdin: input, stdout: output, stderr: errors } = process
      exitCode = await runExplain({
        file,
        status,
        provider,
        dialect,
        configPath: config,
        isJson: json,
        environment,
        directory: process.cwd(),
        nowMs: systemClock.now(),
        input,
        output,
        errors,
      })
    })
  program
    .command('simulate')
    .description('say what an outage would do to this configuration: hours on a virtual clock, in about a second')
    .argument(
      '[scenario]',
      'one that comes with the package (see --list), or a YAML or JSON file; default: provider-down',
    )
    .option('--config <path>', `${CONFIG_HELP}; keys are not needed`)
    .option('--rate <number>', "requests a second, in place of the scenario's; 30/m for a minute", parseRate)
    .option('--minutes <number>', "how long they come, in place of the scenario's", parseMinutes)
    .option('--route <name>', "whom they ask for, in place of the scenario's: a route, or a model reference")
    .option('--seed <number>', 'what chance begins with: the same seed, the same result', parseSeed, 1)
    .option('--json', 'print it as JSON')
    .option('--list', 'print the scenarios that come with the package')
    .exitOverride()
    .action(
      async (scenario: string | undefined, { config, rate, minutes, route, seed, ...flags }: SimulateArguments) => {
        const { runSimulate } = await import('./commands/simulate/command.ts')
        const { env: environment, stdout: output, stderr: errors } = process
        exitCode = await runSimulate({
          scenario,
          configPath: config,
          perSecond: rate,
          minutes,
          route,
          seed,
          isJson: flags.json ?? false,
          isList: flags.list ?? false,
          environment,
          directory: process.cwd(),
          output,
          errors,
        })
      },
    )
  try {
    await program.parseAsync([...args], { from: 'user' })
    return exitCode
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error
    return error.exitCode === 0 ? 0 : 2
  }
}

function parseStatus(text: string): number {
  const status = Number(text)
  if (/^\d{3}$/.test(text) && status >= 100 && status <= 599) return status
  throw new InvalidArgumentError('It must be a whole number from 100 to 599.')
}

function parsePort(text: string): number {
  const port = Number(text)
  if (/^\d+$/.test(text) && port <= 65_535) return port
  throw new InvalidArgumentError('It must be a whole number from 0 to 65535.')
}

const SECONDS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3_600 }

/** Requests a second. */
function parseRate(text: string): number {
  const [, amount, unit = 's'] = /^(\d+(?:\.\d+)?)(?:\/([smh]))?$/.exec(text) ?? []
  const rate = Number(amount) / (SECONDS[unit] ?? 1)
  if (rate > 0) return rate
  throw new InvalidArgumentError('It must be a number of more than 0, or one such as 30/m or 500/h.')
}

function parseMinutes(text: string): number {
  const minutes = Number(text)
  if (/^\d+(?:\.\d+)?$/.test(text) && minutes > 0) return minutes
  throw new InvalidArgumentError('It must be a number of more than 0.')
}

function parseSeed(text: string): number {
  const seed = Number(text)
  if (/^\d+$/.test(text) && seed <= 0xffff_ffff) return seed
  throw new InvalidArgumentError('It must be a whole number from 0 to 4294967295.')
}

/** Signals to stop: the first asks for an orderly end, the second for one at once. */
function stopSignals(): { readonly first: Promise<void>; readonly second: Promise<void> } {
  const first = Promise.withResolvers<void>()
  const second = Promise.withResolvers<void>()
  let count = 0
  const onSignal = (): void => {
    count += 1
    if (count === 1) first.resolve()
    else second.resolve()
  }
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, onSignal)
  return { first: first.promise, second: second.promise }
}

function versionOf(manifest: URL): string {
  const { version } = JSON.parse(readFileSync(manifest, 'utf8')) as { readonly version: string }
  return version
}
