/** What is done with an assistant message that comes last: answer only the rest, refuse it, or answer in full again. */
export type PrefillMode = (typeof PREFILL_MODES)[number]

export const PREFILL_MODES = ['continue', 'reject', 'restart'] as const
