import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, it } from 'vitest'

const ROOT = new URL('..', import.meta.url).pathname
const run = promisify(execFile)

/** Everything a module imports that is not of this package, however deep. */
function foreignImports(entry: string, seen = new Set<string>()): Set<string> {
  const foreign = new Set<string>()
  if (seen.has(entry)) return foreign
  seen.add(entry)
  const code = readFileSync(entry, 'utf8')
  for (const [, specifier = ''] of code.matchAll(/\b(?:from\s+|import\s*\(?\s*)['"]([^'"]+)['"]/g)) {
    const found = specifier.startsWith('.') ? foreignImports(join(dirname(entry), specifier), seen) : [specifier]
    for (const name of found) foreign.add(name)
  }
  return foreign
}

describe('the package', () => {
  it.each<[entry: string, allowed: RegExp]>([
    ['dist/index.js', /^$/],
    ['dist/http/index.js', /^(undici|node:.+)$/],
    ['dist/gateway/index.js', /^(undici|hono|@hono\/node-server|node:.+)$/],
    ['dist/testing/index.js', /^node:.+$/],
  ])('%s loads nothing that only another entry needs', (entry, allowed) => {
    for (const name of foreignImports(join(ROOT, entry))) expect(name).toMatch(allowed)
  })

  it('exports the names of its contract', async () => {
    const [library, http, gateway, testing] = await Promise.all([
      import('hotspare'),
      import('hotspare/http'),
      import('hotspare/gateway'),
      import('hotspare/testing'),
    ])
    expect(Object.keys(library)).toEqual(
      expect.arrayContaining([
        'FailoverManager',
        'ProviderRegistry',
        'classifyFailure',
        'readQuota',
        'FailoverError',
        'presets',
      ]),
    )
    expect(Object.keys(http)).toEqual(expect.arrayContaining(['httpProviders']))
    expect(Object.keys(gateway)).toEqual(['startGateway'])
    expect(Object.keys(testing)).toEqual(expect.arrayContaining(['VirtualClock', 'startFaultProvider']))
  })

  it('tells an older Node.js what it needs, in one line and with exit code 2', async () => {
    const pretend =
      "data:text/javascript,Object.defineProperty(process,'versions',{value:{...process.versions,node:'22.18.0'}})"
    const outcome = await run(process.execPath, ['--import', pretend, join(ROOT, 'dist/cli/main.js'), 'demo']).catch(
      (error: unknown) => error,
    )
    expect(outcome).toMatchObject({
      code: 2,
      stderr: 'hotspare needs Node.js 22.19 or newer; this is 22.18.0\n',
      stdout: '',
    })
  })
})
