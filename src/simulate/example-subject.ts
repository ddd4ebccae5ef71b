import type { Subject } from './subject.ts'

const OPENAI = 'https://api.openai.com'
const OPENROUTER = 'https://openrouter.ai'

/**
 * A usual configuration, for where there is none: two providers of one dialect, three keys and two, and a route with a
 * fallback.
 */
export const EXAMPLE_SUBJECT: Subject = {
  failover: {
    profiles: [
      { id: 'openai:a', provider: 'openai', apiKey: 'stand-in-key-1' },
      { id: 'openai:b', provider: 'openai', apiKey: 'stand-in-key-2' },
      { id: 'openai:c', provider: 'openai', apiKey: 'stand-in-key-3' },
      { id: 'openrouter:a', provider: 'openrouter', apiKey: 'stand-in-key-4' },
      { id: 'openrouter:b', provider: 'openrouter', apiKey: 'stand-in-key-5' },
    ],
    routes: { smart: { primary: 'openai/gpt-5', fallbacks: ['openrouter/openai/gpt-5'] } },
  },
  dialects: { openai: 'openai', openrouter: 'openai' },
  origins: {
    'openai:a': OPENAI,
    'openai:b': OPENAI,
    'openai:c': OPENAI,
    'openrouter:a': OPENROUTER,
    'openrouter:b': OPENROUTER,
  },
}
