import { describe, expect, it } from 'vitest'
import { formatTarget, parseModelRef } from './model-ref.ts'

const PROVIDERS = ['openai', 'openrouter', 'vertex', 'local', 'deepseek']

function parse(reference: string, providers: readonly string[] = PROVIDERS) {
  return parseModelRef(reference, {
    isProvider: (name) => providers.includes(name),
    aliasOf: (model) => (model === 'house-model' ? 'local' : undefined),
    findProfile: (provider, name) =>
      provider === 'openai' && (name === 'eu' || name === 'openai:eu') ? 'openai:eu' : undefined,
    soleProvider: providers.length === 1 ? providers[0] : undefined,
  })
}

describe('a model reference', () => {
  it.each([
    ['openai/gpt-5', { provider: 'openai', model: 'gpt-5' }],
    ['openrouter/anthropic/claude-sonnet-4-5', { provider: 'openrouter', model: 'anthropic/claude-sonnet-4-5' }],
    ['vertex/claude@20250514', { provider: 'vertex', model: 'claude@20250514' }],
    ['openai/gpt-5@eu', { provider: 'openai', model: 'gpt-5', profile: 'openai:eu' }],
    ['openai/gpt-5@openai:eu', { provider: 'openai', model: 'gpt-5', profile: 'openai:eu' }],
    ['gpt-5@eu', { provider: 'openai', model: 'gpt-5', profile: 'openai:eu' }],
    ['openai/gpt-5@us', { provider: 'openai', model: 'gpt-5@us' }],
    ['openai/a@b@eu', { provider: 'openai', model: 'a@b', profile: 'openai:eu' }],
    ['local/llama3:8b', { provider: 'local', model: 'llama3:8b' }],
    ['house-model', { provider: 'local', model: 'house-model' }],
    ['GPT-5', { provider: 'openai', model: 'GPT-5' }],
    ['deepseek-ai/DeepSeek-V3', { provider: 'deepseek', model: 'deepseek-ai/DeepSeek-V3' }],
    ['ghost/model', { provider: 'ghost', model: 'model' }],
    ['/odd', { provider: 'openai', model: '/odd' }],
    ['odd/', { provider: 'openai', model: 'odd/' }],
  ])('%s', (reference, expected) => {
    expect(parse(reference)).toEqual(expected)
  })

  it('without a known prefix goes to the only provider there is, else to openai', () => {
    expect(parse('llama3:8b', ['local'])).toEqual({ provider: 'local', model: 'llama3:8b' })
    expect(parse('llama3:8b')).toEqual({ provider: 'openai', model: 'llama3:8b' })
  })

  it('of a vendor that goes by several names goes to the one that exists', () => {
    expect(parse('kimi-k2', ['openai', 'moonshot'])).toEqual({ provider: 'moonshot', model: 'kimi-k2' })
    expect(parse('kimi-k2', ['openai'])).toEqual({ provider: 'kimi', model: 'kimi-k2' })
  })

  it('is written as provider/model@profile', () => {
    expect(formatTarget({ provider: 'openai', model: 'gpt-5', profile: 'openai:eu' })).toBe('openai/gpt-5@openai:eu')
  })
})
