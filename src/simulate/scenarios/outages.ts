import type { ScenarioInput } from '../scenario-schema.ts'

/** Something that is not there for a while. */
export const OUTAGES = {
  'provider-down': {
    description: 'The first provider answers 503 for 20 minutes',
    faults: [{ from: '5m', until: '25m', provider: '<primary>', down: true }],
  },
  'origin-refused': {
    description: 'The origin of the first target refuses connections for 15 minutes, as when a region is down',
    faults: [{ from: '5m', until: '20m', origin: '<primary>', down: 'refused' }],
  },
  'provider-silent': {
    description: 'The first provider accepts requests for 10 minutes and never answers',
    faults: [{ from: '5m', until: '15m', provider: '<primary>', down: 'silent' }],
  },
  'model-overloaded': {
    description: 'The first model is overloaded (529) for 15 minutes, the rest of its provider is well',
    faults: [{ from: '5m', until: '20m', provider: '<primary>', model: '<primary>', down: 529 }],
  },
  flapping: {
    description: 'The first provider goes down and comes back every 30 seconds for 20 minutes',
    faults: [{ from: '5m', until: '25m', every: '60s', for: '30s', provider: '<primary>', down: 502 }],
  },
  'network-down': {
    description: 'No name is found for a minute: the network of this machine, not the providers',
    faults: [{ from: '10m', until: '11m', down: 'dns' }],
  },
  'slow-recovery': {
    description: 'The first provider is down for 10 minutes, and half of its answers fail for 10 more',
    faults: [
      { from: '5m', until: '15m', provider: '<primary>', down: true },
      { from: '15m', until: '25m', provider: '<primary>', errors: 0.5 },
    ],
  },
  'two-at-once': {
    description: 'The first provider is down for 20 minutes, and the fallback lets each key in 60 times a minute',
    faults: [
      { from: '5m', until: '25m', provider: '<primary>', down: true },
      { provider: '<fallback>', limit: { requestsPerMinute: 60 } },
    ],
  },
  'everything-down': {
    description: 'All providers answer 503 for 2 minutes',
    faults: [{ from: '10m', until: '12m', down: true }],
  },
} satisfies Record<string, ScenarioInput>
