import { createManager, formatMistake, loadConfiguration, type Setup } from '../../../config/index.ts'
import { type Gateway, startGateway } from '../../../gateway/index.ts'
import { httpProviders } from '../../../http/index.ts'
import { FailoverError } from '../../../index.ts'
import { logTo } from './log.ts'

export interface ServeOptions {
  /** The file, as it was named on the command line. */
  readonly path: string | undefined
  /** In place of the configuration's. */
  readonly host: string | undefined
  readonly port: number | undefined
  /** Listen on a public address without client keys. */
  readonly isInsecureAllowed: boolean
  readonly environment: Readonly<Record<string, string | undefined>>
  readonly directory: string
  readonly output: { write(text: string): unknown }
  readonly errors: { write(text: string): unknown }
  /** Resolves when the gateway is to stop, and a second time when it is to stop at once. */
  readonly stop: { readonly first: Promise<void>; readonly second: Promise<void> }
}

/** Runs the gateway until it is told to stop. @returns the exit code */
export async function runServe(options: ServeOptions): Promise<0 | 1 | 2> {
  const { path, environment, directory, isInsecureAllowed, errors } = options
  const loaded = loadConfiguration({ path, environment, directory, host: options.host, isInsecureAllowed })
  if (loaded.state === 'invalid') {
    for (const mistake of loaded.mistakes) errors.write(`${formatMistake(mistake)}\n`)
    return 2
  }
  await using registry = httpProviders(loaded.setup.http)
  const manager = createManager(loaded.setup, registry)
  const log = logTo(errors)
  log.follow(manager)
  const { host, port } = addressOf(loaded.setup, options)
  try {
    const { clients, maxBodyBytes, drainMs, keepAliveMs } = loaded.setup.server
    const onInternalError = log.internalError
    const gateway = await startGateway({
      manager,
      host,
      port,
      clients,
      maxBodyBytes,
      drainMs,
      keepAliveMs,
      isInsecureAllowed,
      onInternalError,
    })
    await untilStopped(gateway, options)
    return 0
  } catch (error) {
    const refusal = refusalOf(error, host, port)
    if (refusal === undefined) throw error
    errors.write(`${refusal}\n`)
    return 1
  }
}

async function untilStopped(gateway: Gateway, { output, errors, stop }: ServeOptions): Promise<void> {
  output.write(`hotspare listens on ${gateway.url}\n`)
  await stop.first
  errors.write('stopping: running requests are given time to end; a second signal ends them now\n')
  await Promise.race([gateway.close(), stop.second.then(() => gateway.cutOff())])
}

function addressOf({ server }: Setup, { host, port }: ServeOptions): { readonly host: string; readonly port: number } {
  return { host: host ?? server.host, port: port ?? server.port }
}

/** Why the address cannot be had, in words; undefined for what is no such reason. */
function refusalOf(error: unknown, host: string, port: number): string | undefined {
  if (error instanceof FailoverError) return error.message
  const { code } = error as NodeJS.ErrnoException
  switch (code) {
    case 'EADDRINUSE':
      return `${host}:${port} is in use by another program; choose another with --port N (0 takes a free one)`
    case 'EACCES':
      return `${host}:${port} is not allowed to this user; choose a port above 1023 with --port N`
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return `${host} is no address of this machine (${code}); choose one with --host or server.host`
    default:
      return undefined
  }
}
