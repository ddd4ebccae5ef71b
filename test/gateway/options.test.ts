import { afterEach, describe, expect, it } from 'vitest'
import { parseGatewayOptions } from '../../src/gateway/options.ts'
import { type HttpProviders, httpProviders } from '../../src/http/index.ts'
import { FailoverManager } from '../../src/index.ts'

let registry: HttpProviders | undefined
afterEach(() => registry?.close())

function parse(options: object): ReturnType<typeof parseGatewayOptions> {
  registry = httpProviders()
  return parseGatewayOptions({ manager: new FailoverManager({ registry }), ...options })
}

describe('signs of life while a client waits', () => {
  it('are off unless asked for', () => {
    expect(parse({}).keepAliveMs).toBe(0)
    expect(parse({ keepAliveMs: 2_500 }).keepAliveMs).toBe(2_500)
  })

  it.each([-1, Number.NaN, '5'])('do not come every %s ms', (keepAliveMs) => {
    expect(() => parse({ keepAliveMs })).toThrow(
      expect.objectContaining({ code: 'INVALID_OPTION', message: expect.stringMatching(/^keepAliveMs: /) }),
    )
  })
})
