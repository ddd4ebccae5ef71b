/** A provider over HTTP, as every door to it needs it: its address, its credentials, and what its answers are worth. */
export { AnswerErrors, ERROR_BODY_MS, MAX_ERROR_BYTES } from './answer-errors.ts'
export { parseBaseUrl } from './base-url.ts'
export { type Credentials, isHeaderValue } from './credentials.ts'
export { FamiliarEvents } from './familiar-events.ts'
export {
  fitsForm,
  inPrefillForm,
  PREFILL_MEMBERS,
  type PrefillModels,
  prefillParts,
  withPrefill,
} from './prefill.ts'
export type { SecretMask } from './secret-mask.ts'
export { DRAIN_BYTES, DRAIN_MS, FINISHED_GRACE_MS, StreamJudge } from './stream-judge.ts'
export { Upstream } from './upstream.ts'
export { WELL_KNOWN, type WellKnownProvider } from './well-known.ts'
export { judgeWholeAnswer } from './whole-judge.ts'
