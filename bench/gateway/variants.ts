import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { stringify } from 'yaml'

/** A way to the provider. */
export interface Variant {
  readonly name: string
  /** The model as this way wants it named; the provider knows it as gpt-5. */
  readonly model: string
  /** Arguments for node to start it in front of a provider; without them it is the provider itself. */
  readonly args?: (provider: Provider) => readonly string[]
}

interface Provider {
  readonly port: number
  /** For files a variant needs; removed in the end. */
  readonly directory: string
}

const ROOT = join(import.meta.dirname, '..', '..')
const PROFILE_COUNT = 10

export const PROVIDER_PATH = join(import.meta.dirname, 'provider.ts')
export const LOAD_GENERATOR_PATH = join(import.meta.dirname, 'load-generator.ts')

export const DIRECT: Variant = { name: 'direct', model: 'gpt-5' }

export const PROXY: Variant = {
  name: 'proxy',
  model: 'gpt-5',
  args: ({ port }) => [join(ROOT, 'bench', 'proxies', 'pool-request.ts'), `http://127.0.0.1:${port}`],
}

export const STAND_IN: Variant = { ...PROXY, name: 'stand-in' }

export const GATEWAY: Variant = {
  name: 'hotspare',
  model: 'openai/gpt-5',
  args: ({ port, directory }) => {
    const profiles = Array.from({ length: PROFILE_COUNT }, (_, index) => ({
      id: `openai:${index + 1}`,
      apiKey: `sk-bench-${index + 1}-000000`,
    }))
    const config = {
      version: 1,
      server: { host: '127.0.0.1', port: 0 },
      providers: { openai: { baseUrl: `http://127.0.0.1:${port}/v1`, profiles } },
    }
    const path = join(directory, 'hotspare.yaml')
    writeFileSync(path, stringify(config))
    return [join(ROOT, 'src', 'cli', 'main.ts'), 'serve', '--config', path, '--port', '0']
  },
}
