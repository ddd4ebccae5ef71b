import { describe, expect, it } from 'vitest'
import { KEY_VARIABLES } from '../../src/config/environment.ts'
import { loadConfiguration } from '../../src/config/index.ts'
import { WELL_KNOWN } from '../../src/http/index.ts'
import { Workspace } from './workspace.ts'

function load(environment: Readonly<Record<string, string>>) {
  using workspace = new Workspace()
  return loadConfiguration({ environment, directory: workspace.directory })
}

describe('without a file', () => {
  it('the keys in the environment are the configuration', () => {
    const loaded = load({
      PATH: '/bin',
      ANTHROPIC_API_KEY: 'ant-1',
      OPENAI_API_KEYS: 'sk-4, sk-5,,sk-1',
      OPENAI_API_KEY_10: 'sk-3',
      OPENAI_API_KEY_2: 'sk-2',
      OPENAI_API_KEY: 'sk-1',
      OPENAI_API_KEY_OLD: 'sk-old',
      GROQ_API_KEY: '',
    })
    expect(loaded.source).toBe(
      'the environment (OPENAI_API_KEY, OPENAI_API_KEY_2, OPENAI_API_KEY_10, OPENAI_API_KEYS, ANTHROPIC_API_KEY); there is no hotspare.yaml here',
    )
    if (loaded.state !== 'valid') throw new Error('it should be valid')
    expect(loaded.setup.failover).toEqual({
      profiles: [
        ...['sk-1', 'sk-2', 'sk-3', 'sk-4', 'sk-5'].map((apiKey, index) => ({
          id: `openai:${index + 1}`,
          provider: 'openai',
          apiKey,
        })),
        { id: 'anthropic:1', provider: 'anthropic', apiKey: 'ant-1' },
      ],
    })
    expect(loaded.setup.http).toEqual({
      wellKnown: false,
      providers: { openai: { dialect: 'openai' }, anthropic: { dialect: 'anthropic' } },
    })
  })

  it('and without a key, what to do is told', () => {
    expect(load({ OPENAI_API_KEY: '' })).toMatchObject({
      state: 'invalid',
      mistakes: [{ message: expect.stringContaining('set OPENAI_API_KEY') }],
    })
  })

  it('every hosted well-known provider has its variable', () => {
    const hosted = Object.keys(WELL_KNOWN).filter((name) => WELL_KNOWN[name]?.isLocal !== true)
    expect(Object.keys(KEY_VARIABLES)).toEqual(hosted)
  })
})
