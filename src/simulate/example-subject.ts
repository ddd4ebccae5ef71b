import type { Subject } from './subject.ts'

const OPENAI = 'https://api.openai.com'
const ANTHROPIC = 'https://api.anthropic.com'

/** A usual configuration, for where there is none: two providers, three keys and two, and a route with a fallback. */
export const EXAMPLE_SUBJECT: Subject = {
  failover: {
    profiles: [
      { id: 'openai:a', provider: 'openai', apiKey: 'stand-in-key-1' },
      { id: 'openai:b', provider: 'openai', apiKey: 'stand-in-key-2' },
      { id: 'openai:c', provider: 'openai', apiKey: 'stand-in-key-3' },
      { id: 'anthropic:a', provider: 'anthropic', apiKey: 'stand-in-key-4' },
      { id: 'anthropic:b', provider: 'anthropic', apiKey: 'stand-in-key-5' },
    ],
    routes: { smart: { primary: 'openai/gpt-5', fallbacks: ['anthropic/claude-sonnet-4-5'] } },
  },
  dialects: { openai: 'openai', anthropic: 'anthropic' },
  origins: {
    'openai:a': OPENAI,
    'openai:b': OPENAI,
    'openai:c': OPENAI,
    'anthropic:a': ANTHROPIC,
    'anthropic:b': ANTHROPIC,
  },
}
