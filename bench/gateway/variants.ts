import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { stringify } from 'yaml'

/** One process plays them both. */
export type ProviderName = 'openai' | 'anthropic'

/** A way to the provider. */
export interface Variant {
  readonly name: string
  /** A provider's model as this way wants it named. */
  readonly modelOf: (provider: ProviderName, model: string) => string
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

export const DIRECT: Variant = { name: 'direct', modelOf: (_, model) => model }

export const PROXY: Variant = {
  name: 'proxy',
  modelOf: DIRECT.modelOf,
  args: ({ port }) => [join(ROOT, 'bench', 'proxies', 'pool-request.ts'), `http://127.0.0.1:${port}`],
}

export const STAND_IN: Variant = { ...PROXY, name: 'stand-in' }

export const GATEWAY: Variant = {
  name: 'hotspare',
  modelOf: (provider, model) => `${provider}/${model}`,
  args: ({ port, directory }) => {
    const origin = `http://127.0.0.1:${port}`
    const config = {
      version: 1,
      server: { host: '127.0.0.1', port: 0 },
      providers: {
        openai: { baseUrl: `${origin}/v1`, profiles: profilesOf('openai') },
        anthropic: { baseUrl: origin, profiles: profilesOf('anthropic') },
      },
    }
    const path = join(directory, 'hotspare.yaml')
    writeFileSync(path, stringify(config))
    return [join(ROOT, 'src', 'cli', 'main.ts'), 'serve', '--config', path, '--port', '0']
  },
}

function profilesOf(provider: ProviderName): readonly object[] {
  return Array.from({ length: PROFILE_COUNT }, (_, index) => ({
    id: `${provider}:${index + 1}`,
    apiKey: `sk-bench-${index + 1}-000000`,
  }))
}
