import { describe, expect, it } from 'vitest'
import { FailoverManager } from '../../../index.ts'
import { logTo } from './log.ts'

describe('the log of the gateway', () => {
  it('tells what went wrong, a line each, whatever the names hold', async () => {
    let written = ''
    const log = logTo({ write: (text) => (written += text) })
    const manager = new FailoverManager({ wait: { maxMs: 0 } })
    log.follow(manager)
    const model = 'local/x\n2026-01-01 forged\u001b[31m\u2028'
    const refusal = Object.assign(new Error('no credit\nleft'), { status: 402 })
    await manager.run(model, () => Promise.reject(refusal)).catch(() => {})
    log.internalError(new Error('broken'))
    const lines = written.split('\n').slice(0, -1)
    expect(lines).toHaveLength(4)
    expect(lines[0]).toMatch(
      /^\S+Z \S+ local\/x\\u000a2026-01-01 forged\\u001b\[31m\\u2028@local:default: billing \(402\)/,
    )
    expect(lines[1]).toMatch(/ is out for 3\d{3}\.\d s \(billing; inferred\)$/)
    expect(lines[2]).toMatch(/ failed: ALL_TARGETS_FAILED, 1 attempt in 0\.0 s$/)
    expect(lines[3]).toMatch(/ internal error: Error: broken\\u000a/)
    for (const line of lines) expect(line).not.toMatch(/\p{Cc}/u)
  })

  it('tells who went on with a stream that broke, and who did not', async () => {
    let written = ''
    const texts = { a: ['one ', new Error('cut')], b: ['another'], c: ['one ', 'two'] }
    const registry = Object.fromEntries(
      Object.entries(texts).map(([name, pieces]) => [
        name,
        {
          name,
          stream: async () =>
            (async function* () {
              for (const piece of pieces) {
                if (piece instanceof Error) throw piece
                yield piece
              }
            })(),
          recovery: {
            textOf: (event: string) => event,
            isTerminal: () => false,
            withPrefill: <R>(request: R) => request,
            withoutPrefix: (event: string, characters: number) => event.slice(characters) || undefined,
            takesPrefill: () => false,
          },
        },
      ]),
    )
    const manager = new FailoverManager<{ model: string }, string>({
      registry,
      routes: { r: { primary: 'a/m', fallbacks: ['b/m', 'c/m'] } },
    })
    logTo({ write: (text) => (written += text) }).follow(manager)
    for await (const _ of await manager.call({ model: 'r' }));
    expect(written).toMatch(/ b\/m@b:default says something else \(restart, from character 0 on\)\n/)
    expect(written).toMatch(/ c\/m@c:default goes on with it \(restart, after \d+\.\d s\)\n/)
    written = ''
    const stream = await manager.call({ model: 'a/m' }, { fallbacks: ['b/m'] })
    await (async () => {
      for await (const _ of stream);
    })().catch(() => {})
    expect(written).toMatch(/ nobody goes on with it \(exhausted\)\n/)
  })
})
