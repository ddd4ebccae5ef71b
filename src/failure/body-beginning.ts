interface BodyBeginning {
  /** The bytes from there on; of a body that is not known yet, those that may turn out to be no white space. */
  readonly start: Uint8Array
  readonly form: 'unknown' | 'events' | 'json'
}

const WHITE_SPACE: ReadonlySet<number | undefined> = new Set([0x20, 0x09, 0x0a, 0x0d])
const BYTE_ORDER_MARK = [0xef, 0xbb, 0xbf]
const OPENING: ReadonlySet<number | undefined> = new Set([0x7b, 0x5b])

/**
 * Tells events from JSON by what stands behind white space and byte order marks. Some servers send white space for as
 * long as the model is not ready.
 */
export function bodyBeginning(bytes: Uint8Array): BodyBeginning {
  let at = 0
  for (;;) {
    if (WHITE_SPACE.has(bytes[at])) at += 1
    else if (BYTE_ORDER_MARK.every((byte, index) => bytes[at + index] === byte)) at += BYTE_ORDER_MARK.length
    else break
  }
  const start = bytes.subarray(at)
  const mayBeMark =
    start.length < BYTE_ORDER_MARK.length && start.every((byte, index) => byte === BYTE_ORDER_MARK[index])
  if (mayBeMark) return { start, form: 'unknown' }
  return { start, form: OPENING.has(start[0]) ? 'json' : 'events' }
}
