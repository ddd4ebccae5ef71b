import type { Scenario } from './scenario.ts'
import { scenarioSchema } from './scenario-schema.ts'
import { LIBRARY } from './scenarios/index.ts'
import { toScenario } from './to-scenario.ts'

/** The scenarios that come with the package, in the order in which they are listed. */
export function shippedScenarios(): Scenario[] {
  return Object.entries(LIBRARY).map(([name, written]) => toScenario(name, scenarioSchema.parse(written)))
}

export function shippedScenario(name: string): Scenario | undefined {
  return shippedScenarios().find((scenario) => scenario.name === name)
}
