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
  'until ',
] as const

/** What a client library says of its own pauses, which are a provider's word only where it limits. */
export const CLIENT_CUES = ['retrying in '] as const

export const WAIT_CUES = [...DURATION_CUES, ...DATE_CUES, ...CLIENT_CUES] as const
