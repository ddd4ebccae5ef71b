import type { IncomingMessage, ServerResponse } from 'node:http'
import { systemClock } from '../../engine/index.ts'

/** An answer that is written in one piece. */
export interface Reply {
  readonly status: number
  /** Names and values in turn. */
  readonly headers: readonly string[]
  readonly body: Buffer
}

/** How long, milliseconds, and how much of a body that is not wanted is taken in so that its sender hears why. */
const LINGER_MS = 1_000
const LINGER_BYTES = 1024 * 1024

/**
 * Writes an answer. One that comes before the request was read to its end closes the connection, but not at once: whoever
 * is still sending would have it reset under him, and with it lose the answer.
 */
export function writeReply(request: IncomingMessage, response: ServerResponse, { status, headers, body }: Reply): void {
  const all = [...headers, 'content-length', `${body.length}`]
  if (request.complete) {
    response.writeHead(status, all).end(body)
    return
  }
  const closing = headers.includes('connection') ? [] : ['connection', 'close']
  response.writeHead(status, [...all, ...closing]).write(body)
  let length = 0
  const finish = (): void => {
    cancelTimer()
    request.off('data', onData).off('end', finish).off('close', finish)
    response.end()
  }
  const onData = (chunk: Buffer): void => {
    length += chunk.length
    if (length > LINGER_BYTES) finish()
  }
  const cancelTimer = systemClock.setTimer(finish, LINGER_MS)
  request.on('data', onData).on('end', finish).on('close', finish)
}
