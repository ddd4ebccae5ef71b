import { fileURLToPath } from 'node:url'
import { createManager, formatMistake, loadConfiguration } from '../../../config/index.ts'
import { type Gateway, startGateway } from '../../../gateway/index.ts'
import { httpProviders } from '../../../http/index.ts'
import type { FailoverManager } from '../../../index.ts'
import { type FaultProvider, startFaultProvider } from '../../../testing/index.ts'
import { answerTo } from './questions.ts'

const EXAMPLE = new URL('../../../../examples/hotspare.yaml', import.meta.url)
/** How long a healthy provider takes to its first word, milliseconds: long enough to be caught by an outage. */
export const FIRST_TOKEN_MS = 120

export const KEYS = {
  primary: 'sk-demo-primary-1111',
  backup: 'sk-demo-backup-2222',
  renewed: 'sk-demo-renewed-4444',
  openrouter: 'sk-or-demo-5555',
  anthropic: 'sk-ant-demo-3333',
}

/** The gateway of the example configuration, in front of providers on this machine that misbehave on command. */
export class Stage {
  readonly openai: FaultProvider
  readonly manager: FailoverManager
  readonly gateway: Gateway
  readonly #close: () => Promise<void>

  private constructor(openai: FaultProvider, manager: FailoverManager, gateway: Gateway, close: () => Promise<void>) {
    this.openai = openai
    this.manager = manager
    this.gateway = gateway
    this.#close = close
  }

  static async open(): Promise<Stage> {
    const answer = ({ body }: { readonly body: unknown }) => ({ text: answerTo(body) })
    const healthy = { answer, firstTokenDelayMs: FIRST_TOKEN_MS }
    const [openai, openrouter, anthropic] = await Promise.all([
      startFaultProvider({ ...healthy, requireKey: [KEYS.primary, KEYS.backup, KEYS.renewed] }),
      startFaultProvider({ ...healthy, requireKey: [KEYS.openrouter] }),
      startFaultProvider({ ...healthy, requireKey: [KEYS.anthropic] }),
    ])
    const loaded = loadConfiguration({
      path: fileURLToPath(EXAMPLE),
      directory: process.cwd(),
      environment: {
        HOTSPARE_PORT: '0',
        HOTSPARE_OPENAI_URL: `${openai.url}/v1`,
        HOTSPARE_OPENROUTER_URL: `${openrouter.url}/v1`,
        HOTSPARE_ANTHROPIC_URL: anthropic.url,
        OPENAI_API_KEY: KEYS.primary,
        OPENAI_API_KEY_2: KEYS.backup,
        OPENROUTER_API_KEY: KEYS.openrouter,
        ANTHROPIC_API_KEY: KEYS.anthropic,
      },
    })
    if (loaded.state === 'invalid') throw new Error(loaded.mistakes.map(formatMistake).join('\n'))
    const { setup } = loaded
    const registry = httpProviders(setup.http)
    const manager = createManager(setup, registry)
    const gateway = await startGateway({ ...setup.server, manager })
    return new Stage(openai, manager, gateway, async () => {
      await gateway.close({ drainMs: 0 })
      await registry.close()
      await Promise.all([openai, openrouter, anthropic].map((provider) => provider.close()))
    })
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#close()
  }
}
