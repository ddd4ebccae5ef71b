import { createServer, type Socket } from 'node:net'
import { serve } from './serve.ts'
import { ANSWERS } from './wire.ts'

/**
 * The provider that is asked in the end. It reads no more of a request than says where it ends, which answer it wants,
 * and that it is one an OpenAI provider would take; anything else is refused, which ends the benchmark.
 */
serve(
  createServer({ noDelay: true }, (socket) => {
    let unread: Buffer | undefined
    socket.on('data', (arrived: Buffer) => {
      const data = unread === undefined ? arrived : Buffer.concat([unread, arrived])
      const read = answerAll(data, socket)
      unread = read === data.length ? undefined : data.subarray(read)
    })
    socket.on('error', () => {})
  }),
)

/** Answers each whole request; gives how many bytes those were. */
function answerAll(data: Buffer, socket: Socket): number {
  let start = 0
  for (;;) {
    const headEnd = data.indexOf('\r\n\r\n', start)
    if (headEnd === -1) return start
    const head = data.toString('latin1', start, headEnd)
    const length = /\r\ncontent-length: *(\d+)/i.exec(head)?.[1]
    if (length === undefined) {
      socket.end('HTTP/1.1 411 Length Required\r\nContent-Length: 0\r\nConnection: close\r\n\r\n')
      return data.length
    }
    const end = headEnd + 4 + Number(length)
    if (data.length < end) return start
    const body = data.toString('latin1', headEnd + 4, end)
    if (!head.startsWith('POST /v1/chat/completions ') || !body.includes('"model":"gpt-5"')) {
      socket.end('HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n')
      return data.length
    }
    socket.write(body.includes('"stream":true') ? ANSWERS.stream.bytes : ANSWERS.json.bytes)
    start = end
  }
}
