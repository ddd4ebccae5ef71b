import type { ScenarioInput } from '../scenario-schema.ts'

/** A provider lets in less than is asked. */
export const LIMITS = {
  'key-limited': {
    description: 'The first key is let in 60 times a minute, half of what is asked',
    faults: [{ profile: '<primary>', limit: { requestsPerMinute: 60 } }],
  },
  'all-keys-limited': {
    description: 'Each key of the first provider is let in 30 times a minute, without a word of when to come back',
    faults: [{ provider: '<primary>', limit: { requestsPerMinute: 30, retryAfter: 'none' } }],
  },
  'limit-changes': {
    description: 'The limit of the first provider’s keys is 60 a minute, 20 from minute 20 on, and 60 again from 40',
    faults: [
      { until: '20m', provider: '<primary>', limit: { requestsPerMinute: 60, window: 'fixed' } },
      { from: '20m', until: '40m', provider: '<primary>', limit: { requestsPerMinute: 20, window: 'fixed' } },
      { from: '40m', provider: '<primary>', limit: { requestsPerMinute: 60, window: 'fixed' } },
    ],
  },
} satisfies Record<string, ScenarioInput>
