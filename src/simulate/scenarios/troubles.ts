import type { ScenarioInput } from '../scenario-schema.ts'

/** Something answers, but not well. */
export const TROUBLES = {
  'some-errors': {
    description: '30 % of the requests to the first provider fail for 20 minutes',
    faults: [{ from: '5m', until: '25m', provider: '<primary>', errors: 0.3 }],
  },
  'latency-triples': {
    description: 'Answers of the first provider take three times as long for 20 minutes',
    faults: [{ from: '5m', until: '25m', provider: '<primary>', latency: 3 }],
  },
  'cut-streams': {
    description: '10 % of the answers of the first provider break off midway for 20 minutes',
    faults: [{ from: '5m', until: '25m', provider: '<primary>', cut: 0.1 }],
  },
} satisfies Record<string, ScenarioInput>
