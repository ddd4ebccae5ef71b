import { type ExecFileOptions, execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import type { ApiKeyGrant, ApiKeySource, Clock } from '../engine/index.ts'
import { type Environment, variable } from './expand.ts'
import type { Configuration } from './schema.ts'

type KeySetting = NonNullable<NonNullable<Configuration['providers'][string]['profiles']>[number]['apiKey']>

interface Surroundings {
  readonly environment: Environment
  /** Where relative paths begin, and commands run. */
  readonly directory: string
  readonly clock: Clock
}

const DEFAULT_TTL_MS = 300_000
const MAX_KEY_BYTES = 64 * 1024

/** A key as the engine takes it; undefined where it is empty. */
export function keyOf(
  setting: KeySetting,
  { environment, directory, clock }: Surroundings,
): string | ApiKeySource | undefined {
  if (typeof setting === 'string') return trimmed(setting)
  if ('env' in setting) return trimmed(variable(environment, setting.env) ?? '')
  const { ttlMs = DEFAULT_TTL_MS } = setting
  const read = (signal: AbortSignal): Promise<string> =>
    'file' in setting
      ? readFile(resolve(directory, setting.file), { encoding: 'utf8', signal })
      : outputOf(setting.command, { cwd: directory, env: environment, signal })
  return async ({ signal }): Promise<ApiKeyGrant> => {
    const value = (await read(signal)).trim()
    if (value === '' || /[\r\n]/.test(value))
      throw new Error('what was read is no key: it must be one line that is not empty')
    return { value, expiresAt: clock.now() + ttlMs }
  }
}

/** White space around a key is never part of it. */
function trimmed(key: string): string | undefined {
  return key.trim() === '' ? undefined : key.trim()
}

/** What a program prints. An error tells nothing of its arguments or output: a key may be among them. */
function outputOf([program = '', ...args]: readonly string[], surroundings: ExecFileOptions): Promise<string> {
  const options = { ...surroundings, encoding: 'utf8', maxBuffer: MAX_KEY_BYTES, windowsHide: true } as const
  return new Promise((fulfil, reject) => {
    execFile(program, args, options, (error, stdout) => {
      if (error === null) fulfil(stdout)
      else reject(new Error(`the command that prints the key failed (${error.code ?? error.signal ?? 'no exit code'})`))
    })
  })
}
