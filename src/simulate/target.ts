import type { TargetRef } from '../failure/index.ts'
import type { FaultSubject } from './scenario.ts'

/** A target of the simulated world: what is tried, and where it is. */
export interface SimulatedTarget extends TargetRef {
  /** `provider/model@profile`. */
  readonly name: string
  /** Scheme, host and port. */
  readonly origin: string
  /** The wire format its errors have. */
  readonly dialect: string
  /** What shares the provider's limits with it: its quota group, or itself. */
  readonly account: string
}

/**
 * Do these ids mean the same model? Who passes on the models of others puts the name of their provider before them:
 * `openai/gpt-5`.
 */
export function isSameModel(one: string, other: string): boolean {
  return one.slice(one.lastIndexOf('/') + 1) === other.slice(other.lastIndexOf('/') + 1)
}

/** Is the target among those a fault is about? */
export function isAbout({ provider, profile, model, origin }: FaultSubject, target: SimulatedTarget): boolean {
  return (
    (provider ?? target.provider) === target.provider &&
    (profile ?? target.profile) === target.profile &&
    (model ?? target.model) === target.model &&
    (origin ?? target.origin) === target.origin
  )
}
