import { describe, expect, it } from 'vitest'
import { anthropicMessages, openaiChat, ParsedBody } from '../dialects/index.ts'
import {
  fitsForm,
  inPrefillForm,
  PREFILL_MEMBERS,
  type PrefillModels,
  prefillOf,
  prefillParts,
  withPrefill,
} from './prefill.ts'
import { PREFILL_TABLE, type PrefillForm } from './prefill-table.ts'
import { WELL_KNOWN } from './well-known.ts'

const DEEPSEEK = 'https://api.deepseek.com/beta'
const OWN_SERVER = 'http://127.0.0.1:8080'

/** As a provider of the dialect at this base URL is asked. */
function known(
  baseUrl: string,
  model: string,
  { dialect = openaiChat, configured }: { dialect?: typeof openaiChat; configured?: PrefillModels } = {},
): PrefillForm | undefined {
  return prefillOf(dialect.endpointOf(new URL(baseUrl)), model, configured)
}

/** Under a well-known name, as it is without configuration. */
function knownByName(name: string, model: string): PrefillForm | undefined {
  const { baseUrl, dialect } = WELL_KNOWN[name] ?? { baseUrl: '', dialect: 'openai' }
  return known(baseUrl, model, { dialect: dialect === 'openai' ? openaiChat : anthropicMessages })
}

describe('a prefill', () => {
  it.each([
    ['anthropic', 'claude-sonnet-4-5'],
    ['anthropic', 'claude-sonnet-4-5-20250929'],
    ['anthropic', 'claude-haiku-4-5'],
    ['anthropic', 'claude-opus-4-5-20251101'],
    ['anthropic', 'claude-opus-4-1-20250805'],
    ['groq', 'llama-3.3-70b-versatile'],
    ['openrouter', 'anthropic/claude-sonnet-4.5'],
  ])('is a plain assistant message for %s/%s', (name, model) => {
    expect(knownByName(name, model)).toMatchObject({ message: {}, body: {} })
  })

  it.each([
    ['mistral', 'mistral-large-latest', { prefix: true }, {}],
    ['moonshot', 'moonshot-v1-32k', { partial: true }, {}],
    ['kimi', 'kimi-k2.6', { partial: true }, { thinking: { type: 'disabled' } }],
    ['qwen', 'qwen3-coder-plus', { partial: true }, {}],
    ['qwen', 'qwen-plus-latest', { partial: true }, { enable_thinking: false }],
  ])('is marked for %s/%s', (name, model, message, body) => {
    expect(knownByName(name, model)).toMatchObject({ message, body })
  })

  it.each([
    ['anthropic', 'claude-opus-4-6'],
    ['anthropic', 'claude-sonnet-4-6'],
    ['anthropic', 'claude-sonnet-5'],
    ['anthropic', 'claude-opus-4-8'],
    ['anthropic', 'claude-fable-5'],
    ['anthropic', 'gpt-5'],
    ['openai', 'gpt-5'],
    ['openai', 'gpt-4o'],
    ['gemini', 'gemini-2.5-flash'],
    ['xai', 'grok-4'],
    ['together', 'meta-llama/Llama-3.3-70B-Instruct-Turbo'],
    ['fireworks', 'accounts/fireworks/models/llama-v3p1-8b-instruct'],
    ['cerebras', 'llama3.1-8b'],
    ['perplexity', 'sonar'],
    ['zai', 'glm-4.6'],
    ['ollama', 'llama3:8b'],
    ['deepseek', 'deepseek-v4-pro'],
    ['mistral', 'magistral-medium-latest'],
    ['moonshot', 'kimi-k3'],
    ['moonshot', 'kimi-k2-thinking'],
    ['qwen', 'qwq-plus'],
    ['groq', 'openai/gpt-oss-120b'],
    ['groq', 'qwen/qwen3-32b'],
    ['openrouter', 'anthropic/claude-sonnet-4.6'],
    ['openrouter', 'openai/gpt-5'],
  ])('is not known of %s/%s', (name, model) => {
    expect(knownByName(name, model)).toBeUndefined()
  })

  it('is known by where a model is, not by the name of its provider', () => {
    const expected = {
      message: { prefix: true },
      body: { thinking: { type: 'disabled' } },
      unless: ['reasoning_effort'],
    }
    expect(known(DEEPSEEK, 'deepseek-v4-pro')).toEqual(expected)
    expect(known(`${DEEPSEEK}/`, 'deepseek-v4-pro')).toEqual(expected)
    expect(known('https://api.deepseek.com/v1', 'deepseek-v4-pro')).toBeUndefined()
    expect(known(OWN_SERVER, 'deepseek-v4-pro')).toBeUndefined()
    expect(known('http://api.mistral.ai/v1', 'mistral-large-latest')).toBeUndefined()
    expect(known('https://api.moonshot.cn/v1', 'moonshot-v1-8k')).toMatchObject({ message: { partial: true } })
    // Anthropic's models at its OpenAI-compatible endpoint.
    expect(known('https://api.anthropic.com/v1', 'claude-sonnet-4-5')).toBeUndefined()
    expect(
      prefillOf({ origin: 'https://api.anthropic.com', pathname: '/v1/messages' }, 'claude-sonnet-4-5', undefined),
    ).toBeDefined()
  })

  it('is what the operator says of it', () => {
    expect(known(OWN_SERVER, 'llama3:8b', { configured: true })).toEqual({ message: {}, body: {}, unless: [] })
    expect(known(OWN_SERVER, 'llama3:8b', { configured: ['llama3:8b'] })).toBeDefined()
    expect(known(OWN_SERVER, 'llama3:70b', { configured: ['llama3:8b'] })).toBeUndefined()
    expect(known(OWN_SERVER, 'llama3:70b', { configured: ['mixtral', 'llama3*'] })).toBeDefined()
    expect(known(OWN_SERVER, 'llama3', { configured: ['llama3*'] })).toBeDefined()
    expect(known(OWN_SERVER, 'my-llama3', { configured: ['llama3*'] })).toBeUndefined()
    expect(known(OWN_SERVER, 'anything', { configured: ['*'] })).toBeDefined()
    expect(known(OWN_SERVER, 'anything', { configured: [] })).toBeUndefined()
  })

  it('is what the operator says of it, whatever is known', () => {
    const anthropic = 'https://api.anthropic.com'
    const dialect = anthropicMessages
    expect(known(anthropic, 'claude-sonnet-4-5', { dialect, configured: false })).toBeUndefined()
    expect(known(anthropic, 'claude-sonnet-4-5', { dialect, configured: ['claude-sonnet-9'] })).toBeUndefined()
    expect(known(anthropic, 'claude-sonnet-9', { dialect, configured: ['claude-sonnet-9'] })).toBeDefined()
  })

  it('is written as the provider wants it where the operator knows of more models', () => {
    const mistral = 'https://api.mistral.ai/v1'
    expect(known(mistral, 'magistral-small', { configured: true })).toEqual({
      message: { prefix: true },
      body: {},
      unless: [],
    })
    expect(known(DEEPSEEK, 'deepseek-v4-pro', { configured: true })).toEqual(known(DEEPSEEK, 'deepseek-v4-pro'))
  })
})

describe('a request', () => {
  const form: PrefillForm = {
    message: { prefix: true },
    body: { thinking: { type: 'disabled' } },
    unless: ['reasoning_effort'],
  }
  const fits = (request: object): boolean => fitsForm(form, new ParsedBody(request))

  it('takes no prefill where it asks for something that does not go with one', () => {
    expect(fits({ messages: [] })).toBe(true)
    expect(fits({ reasoning_effort: 'high' })).toBe(false)
    expect(fits({ reasoning_effort: null })).toBe(true)
    expect(fits({ thinking: { type: 'disabled' } })).toBe(true)
    expect(fits({ thinking: { type: 'enabled' } })).toBe(false)
    // There, null is what was not said: thinking.
    expect(fits({ thinking: null })).toBe(false)
  })

  const request = Object.freeze({
    model: 'm',
    temperature: 0.2,
    messages: Object.freeze([{ role: 'user', content: 'Hi' }]),
    unknown_field: [null],
  })

  it('gets one more message, and nothing else of it is touched', () => {
    const prefilled = withPrefill(request, 'Hello,\n')
    expect(prefilled).toEqual({
      ...request,
      messages: [...request.messages, { role: 'assistant', content: 'Hello,\n' }],
    })
    expect(Object.keys(prefilled)).toEqual(Object.keys(request))
    expect(request.messages).toHaveLength(1)
  })

  it('is written as its target wants it', () => {
    const written = inPrefillForm(Object.freeze(withPrefill(request, 'Hello')), form)
    expect(written).toEqual({
      ...request,
      messages: [...request.messages, { role: 'assistant', content: 'Hello', prefix: true }],
      thinking: { type: 'disabled' },
    })
    const plain = { message: {}, body: {}, unless: [] }
    expect(inPrefillForm(withPrefill(request, 'Hello'), plain)).toEqual(withPrefill(request, 'Hello'))
  })

  it('is told the same on its way as bytes, without fields that it has already', () => {
    const parts = (body: object) => prefillParts('Hello', form, new ParsedBody(body))
    expect(parts(request)).toEqual({
      message: { role: 'assistant', content: 'Hello', prefix: true },
      fields: { thinking: { type: 'disabled' } },
    })
    expect(parts({ thinking: { type: 'disabled' } }).fields).toEqual({})
  })
})

describe('the table', () => {
  it('names endpoints as requests go to them, each once', () => {
    const endpoints = PREFILL_TABLE.flatMap((provider) => provider.endpoints)
    expect(new Set(endpoints).size).toBe(endpoints.length)
    for (const endpoint of endpoints) {
      const dialect = endpoint.endsWith('/messages') ? anthropicMessages : openaiChat
      expect(dialect.endpointOf(new URL(endpoint)).href).toBe(endpoint)
    }
  })

  it('has no model in two groups', () => {
    for (const { groups } of PREFILL_TABLE) {
      const patterns = groups.flatMap((group, place) => group.models.map((pattern) => ({ pattern, place })))
      for (const { pattern, place } of patterns) {
        const example = pattern.replace('*', 'x')
        const others = patterns.filter((other) => {
          if (other.place === place) return false
          return other.pattern.endsWith('*')
            ? example.startsWith(other.pattern.slice(0, -1))
            : other.pattern === example
        })
        expect(others).toEqual([])
      }
    }
  })

  it('tells every member of a request that it looks at', () => {
    const looked = new Set<string>()
    const body = new ParsedBody({})
    const spy = {
      ...body,
      items: () => [],
      markedItems: () => [],
      promptBytes: 0,
      member(name: string): unknown {
        looked.add(name)
        return undefined
      },
    }
    for (const { message, groups } of PREFILL_TABLE) {
      for (const group of groups) {
        fitsForm({ message, ...group }, spy)
        prefillParts('a', { message, ...group }, spy)
      }
    }
    expect([...looked].sort()).toEqual([...PREFILL_MEMBERS].sort())
  })
})
