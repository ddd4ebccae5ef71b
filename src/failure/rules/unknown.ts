import type { Rule } from '../rule.ts'

/** Nothing that any rule knows. */
export const NO_EVIDENCE: Rule = {
  id: 'unknown.no_evidence',
  reason: 'unknown',
  when: {},
  source: 'docs/failures.md',
}

/** Evidence that cannot even be looked at. */
export const UNREADABLE: Rule = { ...NO_EVIDENCE, id: 'unknown.unreadable' }

/** An error of our own says its reason, which was known where it was made. The reason stands for whichever it says. */
export const GIVEN: Rule = {
  id: 'local.given_reason',
  reason: 'unknown',
  when: { codes: [] },
  source: 'docs/errors.md',
}
