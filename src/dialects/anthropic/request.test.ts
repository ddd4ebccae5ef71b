import { expect, it } from 'vitest'
import { endpointOf } from './request.ts'

it.each([
  ['https://api.anthropic.com', 'https://api.anthropic.com/v1/messages'],
  ['https://api.anthropic.com/', 'https://api.anthropic.com/v1/messages'],
  ['https://api.anthropic.com/v1', 'https://api.anthropic.com/v1/messages'],
  ['https://api.anthropic.com/v1/', 'https://api.anthropic.com/v1/messages'],
  ['https://api.anthropic.com/v1/messages', 'https://api.anthropic.com/v1/messages'],
  ['https://api.anthropic.com/v1/messages?beta=true', 'https://api.anthropic.com/v1/messages?beta=true'],
  ['https://api.deepseek.com/anthropic', 'https://api.deepseek.com/anthropic/v1/messages'],
  ['https://gateway.example/v1/account/anthropic', 'https://gateway.example/v1/account/anthropic/v1/messages'],
  ['https://relay.example/messages', 'https://relay.example/messages/v1/messages'],
])('reads %s as %s', (baseUrl, endpoint) => {
  expect(endpointOf(new URL(baseUrl)).href).toBe(endpoint)
})
