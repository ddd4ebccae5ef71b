import { inspect } from 'node:util'
import { describe, expect, it } from 'vitest'
import { formatMistake, loadConfiguration } from '../../src/config/index.ts'
import { FailoverManager } from '../../src/index.ts'
import { Workspace } from './workspace.ts'

const CANARY = 'canary-5f3b9c1d7e'

function shown(value: unknown): string {
  return [JSON.stringify(value), inspect(value, { depth: 20 }), String(value)].join('\n')
}

function load(yaml: string) {
  using workspace = new Workspace({ 'hotspare.yaml': yaml })
  return loadConfiguration({ environment: { CANARY, KEY: CANARY }, directory: workspace.directory })
}

describe('a secret', () => {
  it('shows in neither the JSON nor the inspection of a setup', () => {
    const loaded = load(`
server: { adminKey: "${CANARY}", clients: [{ name: web, key: "\${CANARY}" }] }
providers:
  openai:
    headers: { authorization: "Bearer ${CANARY}" }
    profiles:
      - { id: openai:a, apiKey: \${KEY}, metadata: { token: "${CANARY}" } }
      - { id: openai:b, apiKey: { env: KEY } }
`)
    expect(loaded.state).toBe('valid')
    expect(shown(loaded)).not.toContain(CANARY)
    expect(shown(loaded)).toContain('***')
    if (loaded.state === 'valid') expect(loaded.setup.failover.profiles?.[0]?.apiKey).toBe(CANARY)
  })

  it.each([
    `providers: { openai: { profiles: [{ id: openai:a, apiKey: [${CANARY}] }] } }`,
    `providers: { openai: { profiles: [{ id: openai:a, apiKey: { "${CANARY}": 1 } }] } }`,
    `providers: { openai: { profiles: [{ id: openai:a, apiKey: "${CANARY}ä" }] } }`,
    `providers: { openai: { profiles: [{ id: openai:a, apiKey: { env: KEY } }, { id: "${CANARY} x" }] } }`,
    `providers: { openai: { apiKey: ${CANARY}, profiles: [] } }`,
    `providers: { openai: { profiles: [{ id: "\${CANARY} x" }] } }`,
    `providers: { openai: { headers: { authorization: ["${CANARY}"], host: "${CANARY}" } } }`,
    `providers: { openai: { baseUrl: "ftp://u:${CANARY}@x.test" } }`,
    `providers: { openai: { baseUrl: "https://u:${CANARY}@x.test" } }`,
    `providers: { openai: { profiles: [{ id: a:b, baseUrl: "\${CANARY}" }] } }`,
    `providers: { openai: {} }\nserver: { clients: [{ name: "", key: ${CANARY} }, { name: a, key: ${CANARY} }] }`,
    `providers: { openai: {} }\nserver: { adminKey: [${CANARY}] }`,
    `providers: { openai: {} }\nstrategy: \${KEY}`,
    `providers: { openai: { profiles: [{ id: a:b, apiKey: "${CANARY}\\q" }] } }`,
    `providers: { openai: { profiles: [{ id: a:b, apiKey: "${CANARY} }] } }`,
    `providers: { openai: { profiles: [{ id: a:b, apiKey: *${CANARY} }] } }`,
    `providers: { openai: { profiles: [{ id: a:b, apiKey: !${CANARY} x }] } }`,
    `providers: { openai: { profiles: [{ id: a:b, apiKey: ${CANARY}: x }] } }`,
  ])('shows in no mistake: %s', (yaml) => {
    const loaded = load(yaml)
    if (loaded.state !== 'invalid') throw new Error('it should be invalid')
    expect(loaded.mistakes.length).toBeGreaterThan(0)
    expect(loaded.mistakes.map(formatMistake).join('\n')).not.toContain(CANARY)
    expect(shown(loaded)).not.toContain(CANARY)
  })

  it('shows in no error of a command that prints it', async () => {
    const script = `console.log('${CANARY}'); console.error('${CANARY}'); process.exit(3)`
    using workspace = new Workspace({
      'hotspare.yaml': `providers: { openai: { profiles: [{ id: openai:a, apiKey: { command: ["${process.execPath}", -e, "${script}"] } }] } }`,
    })
    const loaded = loadConfiguration({ environment: {}, directory: workspace.directory })
    if (loaded.state !== 'valid') throw new Error('it should be valid')
    const manager = new FailoverManager({ ...loaded.setup.failover, wait: { maxMs: 0 } })
    const error = await manager.run('openai/gpt-5', () => 'unreachable').catch((reason: unknown) => reason)
    expect(shown(error)).toContain('could not be fetched')
    expect(inspect(error, { depth: 20, showHidden: true })).not.toContain(CANARY)
  })
})
