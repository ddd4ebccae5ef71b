import { existsSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { type Clock, systemClock } from '../engine/index.ts'
import { FailoverError, isRecord } from '../failure/index.ts'
import { httpProviders } from '../http/index.ts'
import { isLoopback } from '../transport/index.ts'
import { readDocument } from './document.ts'
import { configurationFromEnvironment } from './environment.ts'
import { type Environment, variable } from './expand.ts'
import { readText } from './file.ts'
import { checkShape } from './issues.ts'
import { keylessProfiles } from './keyless.ts'
import { type Mistake, Mistakes } from './mistakes.ts'
import { type Outline, outlineOf } from './outline.ts'
import { Places } from './places.ts'
import { checkProviders } from './provider-checks.ts'
import { checkReferences } from './references.ts'
import { secretsIn } from './secrets.ts'
import { DEFAULT_SERVER, type Setup } from './setup.ts'
import { withStandInKeys, withStandInVariables } from './stand-ins.ts'
import { createManager, toSetup } from './to-options.ts'

export interface LoadOptions {
  /** The file; default: `HOTSPARE_CONFIG`, else hotspare.yaml or hotspare.json in the directory, else the environment. */
  readonly path?: string | undefined
  readonly environment: Environment
  readonly directory: string
  /** Where the gateway is to listen, in place of what the configuration says. */
  readonly host?: string | undefined
  /** May it listen on a public address without client keys? Default false. */
  readonly isInsecureAllowed?: boolean
  /** Is anything to be sent? Otherwise keys, and variables that are not set, have stand-ins. Default true. */
  readonly areKeysNeeded?: boolean
  /** Default: the system's. */
  readonly clock?: Clock
}

/** A configuration, or everything that is wrong with it. */
export type Loaded = { /** Where it comes from, in words. */ readonly source: string } & (
  | {
      readonly state: 'valid'
      readonly setup: Setup
      /** Where no keys are needed: the profiles that need one to be used, and have none here. */
      readonly keyless: readonly string[]
    }
  | { readonly state: 'invalid'; readonly mistakes: readonly Mistake[] }
)

const FILES = ['hotspare.yaml', 'hotspare.json'] as const

/** Finds, reads and checks the configuration. It never throws for what is written there. */
export function loadConfiguration(options: LoadOptions): Loaded {
  const { path, environment, directory, clock = systemClock } = options
  const found = find(path, environment, directory)
  if (found === undefined) return loadFromEnvironment(options, clock)
  const { file, source } = found
  const places = new Places(file)
  const mistakes = new Mistakes(places)
  const whole = resolve(directory, file)
  const text = readText(whole, mistakes)
  const known = options.areKeysNeeded === false ? withStandInVariables(environment, text ?? '') : environment
  const value = text === undefined ? undefined : readDocument(text, known, places, mistakes)
  return value === undefined
    ? { source, state: 'invalid', mistakes: mistakes.list() }
    : check(value, { ...options, source, directory: dirname(whole), clock, places, mistakes })
}

function loadFromEnvironment(options: LoadOptions, clock: Clock): Loaded {
  const places = new Places(FILES[0])
  const mistakes = new Mistakes(places)
  const found = configurationFromEnvironment(options.environment)
  if (found !== undefined) {
    const source = `the environment (${found.variables.join(', ')}); there is no ${FILES[0]} here`
    return check(found.configuration, { ...options, source, clock, places, mistakes })
  }
  mistakes.add(
    [],
    'there is no such file here, and no key in the environment; write one, name one with --config PATH or HOTSPARE_CONFIG, or set OPENAI_API_KEY, ANTHROPIC_API_KEY, …',
  )
  return { source: 'nothing', state: 'invalid', mistakes: mistakes.list() }
}

interface Surroundings extends LoadOptions {
  readonly source: string
  readonly clock: Clock
  readonly places: Places
  readonly mistakes: Mistakes
}

function check(written: unknown, surroundings: Surroundings): Loaded {
  const { source, places, mistakes } = surroundings
  mistakes.hide(secretsIn(written, surroundings.environment))
  const value = surroundings.areKeysNeeded === false ? withStandInKeys(written) : written
  const configuration = checkShape(value, places, mistakes)
  if (isRecord(value)) {
    const outline = outlineOf(value)
    checkProviders(outline, surroundings, mistakes)
    checkReferences(outline, mistakes)
    checkExposure(outline, surroundings)
  }
  if (configuration !== undefined && mistakes.isEmpty) {
    const setup = toSetup(configuration, surroundings)
    tryOut(setup, mistakes)
    const keyless = surroundings.areKeysNeeded === false ? keylessProfiles(written, surroundings) : []
    if (mistakes.isEmpty) return { source, state: 'valid', setup, keyless }
  }
  return { source, state: 'invalid', mistakes: mistakes.list() }
}

/** Whoever can reach a gateway without client keys spends the keys it holds. */
function checkExposure(outline: Outline, { host, isInsecureAllowed, mistakes }: Surroundings): void {
  const address = host ?? outline.host ?? DEFAULT_SERVER.host
  if (isInsecureAllowed === true || isLoopback(address) || outline.clients.length > 0) return
  mistakes.add(
    ['server', 'host'],
    `${JSON.stringify(address)} can be reached by others, who would spend your quota; name server.clients with a key each, or listen on 127.0.0.1, ::1 or localhost, or use --insecure`,
  )
}

/** What the engine itself would refuse has to be known here, not when the gateway starts. */
function tryOut(setup: Setup, mistakes: Mistakes): void {
  try {
    createManager(setup, httpProviders(setup.http))
  } catch (error) {
    if (!(error instanceof FailoverError)) throw error
    mistakes.add([], error.message)
  }
}

function find(
  path: string | undefined,
  environment: Environment,
  directory: string,
): { readonly file: string; readonly source: string } | undefined {
  if (path !== undefined) return { file: path, source: `${path} (--config)` }
  const named = variable(environment, 'HOTSPARE_CONFIG')
  if (named !== undefined) return { file: named, source: `${named} (HOTSPARE_CONFIG)` }
  const file = FILES.find((name) => existsSync(resolve(directory, name)))
  return file === undefined ? undefined : { file, source: `${file} (in the working directory)` }
}
