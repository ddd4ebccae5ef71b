/** Tool calls larger than this are not waited for; what is counted is what they say, and `EVENT_BYTES` an event. */
export const MAX_HELD_BYTES = 256 * 1024
/** What an event takes besides what it says: the object it was parsed to, roughly. */
export const EVENT_BYTES = 200
