import type { ScenarioInput } from '../scenario-schema.ts'

/** Something is wrong with a key. */
export const KEYS = {
  'key-revoked': {
    description: 'The first key is not valid any more, from minute 5 on',
    faults: [{ from: '5m', profile: '<primary>', reject: 401 }],
  },
  'key-out-of-money': {
    description: 'The account of the first key is empty, from minute 5 on',
    faults: [{ from: '5m', profile: '<primary>', reject: 402 }],
  },
  'all-keys-refused': {
    description: 'The first provider refuses all its keys for 3 minutes, as its own incident',
    faults: [{ from: '5m', until: '8m', provider: '<primary>', reject: 401 }],
  },
} satisfies Record<string, ScenarioInput>
