import { describe, expect, it } from 'vitest'
import { endpointOf, isStreaming } from './request.ts'

describe('endpointOf', () => {
  it.each([
    ['https://api.openai.com', 'https://api.openai.com/v1/chat/completions'],
    ['https://api.openai.com/', 'https://api.openai.com/v1/chat/completions'],
    ['https://api.openai.com/v1', 'https://api.openai.com/v1/chat/completions'],
    ['https://api.openai.com/v1/', 'https://api.openai.com/v1/chat/completions'],
    ['https://api.openai.com/v1//', 'https://api.openai.com/v1/chat/completions'],
    ['https://api.openai.com/v1/chat/completions', 'https://api.openai.com/v1/chat/completions'],
    ['https://api.openai.com/v1/chat/completions/', 'https://api.openai.com/v1/chat/completions'],
    ['https://api.perplexity.ai/chat/completions', 'https://api.perplexity.ai/chat/completions'],
    ['https://api.groq.com/openai/v1', 'https://api.groq.com/openai/v1/chat/completions'],
    ['https://api.deepseek.com/beta', 'https://api.deepseek.com/beta/chat/completions'],
    ['https://relay.example/beta/llm', 'https://relay.example/beta/llm/v1/chat/completions'],
    ['https://open.bigmodel.cn/api/paas/v4', 'https://open.bigmodel.cn/api/paas/v4/chat/completions'],
    ['https://g.example/v1beta/openai', 'https://g.example/v1beta/openai/chat/completions'],
    ['https://g.example/v1beta/openai/', 'https://g.example/v1beta/openai/chat/completions'],
    ['http://127.0.0.1:11434', 'http://127.0.0.1:11434/v1/chat/completions'],
    ['http://[::1]:8000/v1', 'http://[::1]:8000/v1/chat/completions'],
    ['https://relay.example/llm', 'https://relay.example/llm/v1/chat/completions'],
    [
      'https://x.openai.azure.com/openai/deployments/gpt?api-version=2024-10-21',
      'https://x.openai.azure.com/openai/deployments/gpt/chat/completions?api-version=2024-10-21',
    ],
    ['https://x.example/v1/?a=b', 'https://x.example/v1/chat/completions?a=b'],
  ])('reads %s as %s', (baseUrl, endpoint) => {
    expect(endpointOf(new URL(baseUrl)).href).toBe(endpoint)
  })
})

describe('isStreaming', () => {
  it('takes only true for yes', () => {
    expect(isStreaming({ model: 'm', stream: true })).toBe(true)
    for (const request of [{ model: 'm' }, { stream: false }, { stream: 'true' }, null])
      expect(isStreaming(request)).toBe(false)
  })
})
