/** What stands before a wait in words. */
export const DURATION_CUES = [
  'again in ',
  'retry in ',
  'provider requested ',
  'retry after ',
  'again after ',
  'wait ',
  'resets in ',
  'resets in: ',
  'reset in ',
  'reset in: ',
  'reset after ',
  'available in ',
  'retry in: ',
  // Google's details as protobuf writes them
  'retry_delay { seconds: ',
] as const

/** What stands before a date in words. */
export const DATE_CUES = [
  'again at ',
  'again after ',
  'retry after ',
  'resets at ',
  'reset at ',
  'resets on ',
  'reset on ',
  'access on ',
  'access at ',
] as const

/** What stands before the date on which a window ends; asked last, as it may be another window than the one that is full. */
export const WINDOW_CUES = ['resets ', 'reset time: '] as const

/** What stands before a wait in Chinese. */
export const CHINESE_CUES = ['请在', '请于', '请等待', '等待'] as const

/** What stands before any end, of a wait or of something else: see `isBarredUntil`. */
export const END_CUES = ['until '] as const

/** What stands before the words of it that tell more, where a field or header was written into a text. */
export const FIELD_CUES = ['retry-after', 'retry_after', 'retryafter', 'retry after', 'retrydelay'] as const

/** What a client library says of its own pauses, which are a provider's word only where it limits. */
export const CLIENT_CUES = ['retrying in '] as const

export const WAIT_CUES = [
  ...DURATION_CUES,
  ...CHINESE_CUES,
  ...DATE_CUES,
  ...WINDOW_CUES,
  ...END_CUES,
  ...FIELD_CUES,
  ...CLIENT_CUES,
] as const

/** How much before `until` is looked at. */
const MAX_CLAUSE_LENGTH = 120

/** Where the clause before it begins. */
const CLAUSE_END = /[.!?;:]\s|\n|…/g

/** What it is about when something cannot be used. */
const BARRED =
  /\b(?:wait|limit|throttl|block|suspend|pause|on hold|lock|disabled|restrict|banned|exhausted|exceeded|quota|cooldown|cooling|retry|again|back off|unavailable|denied|refus|reject|unable|cannot|can not|can['’]t|must not|may not|do not|don['’]t|no more|no requests|out of|overloaded|maintenance)|(?:\bnot|n['’]t) (?:be )?(?:able|available|possible|allowed|accessible|accepted|served)/

/** What is known or offered until then is at its end there, not a wait. */
const OFFERED =
  /\b(?:data|dataset|knowledge|information|events|training|trained|documents|facts|cutoff|cut-off|valid|supported|free|open|offered|running) $/

/** Does what stands before an `until` speak of a time in which something is out, not of one in which it is to be had? */
export function isBarredUntil(text: string, at: number): boolean {
  const before = text.slice(Math.max(0, at - MAX_CLAUSE_LENGTH), at)
  const end = [...before.matchAll(CLAUSE_END)].at(-1)
  const clause = end === undefined ? before : before.slice(end.index + end[0].length)
  return BARRED.test(clause) && !OFFERED.test(clause)
}
