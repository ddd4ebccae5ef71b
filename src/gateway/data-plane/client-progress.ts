import type { ServerResponse } from 'node:http'

/** A client that takes nothing for so long, milliseconds, is given up: what waits for it would wait for ever. */
const STUCK_MS = 60_000

/**
 * Has the server close the connection of a client that has stopped reading. The socket's own timer counts, which any
 * progress of a write, however slow, begins anew; once an answer is finished the server sets it for the next request.
 */
export function dropWhereStuck({ socket }: ServerResponse): void {
  if (socket === null || socket.writableLength === 0 || socket.timeout === STUCK_MS) return
  socket.setTimeout(STUCK_MS)
  socket.once('drain', () => {
    if (socket.timeout === STUCK_MS) socket.setTimeout(0)
  })
}
