import type { Socket } from 'node:net'

export interface ProviderRequest {
  /** Request line and headers. */
  readonly head: string
  readonly body: string
}

/** Reads the requests on one connection; knows no more of HTTP/1.1 than is spoken here. */
export function readRequests(socket: Socket, onRequest: (request: ProviderRequest) => void): void {
  let unread: Buffer | undefined
  socket.on('data', (arrived: Buffer) => {
    const data = unread === undefined ? arrived : Buffer.concat([unread, arrived])
    const read = readWhole(data, socket, onRequest)
    unread = read === data.length ? undefined : data.subarray(read)
  })
  socket.on('error', () => {})
}

/** Ends the benchmark, as the load generator takes nothing but a 200. */
export function refuse(socket: Socket, status: string): void {
  socket.end(`HTTP/1.1 ${status}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n`)
}

/** Gives how many bytes the whole requests were. */
function readWhole(data: Buffer, socket: Socket, onRequest: (request: ProviderRequest) => void): number {
  let start = 0
  for (;;) {
    const headEnd = data.indexOf('\r\n\r\n', start)
    if (headEnd === -1) return start
    const head = data.toString('latin1', start, headEnd)
    const length = /\r\ncontent-length: *(\d+)/i.exec(head)?.[1]
    if (length === undefined) {
      refuse(socket, '411 Length Required')
      return data.length
    }
    const end = headEnd + 4 + Number(length)
    if (data.length < end) return start
    onRequest({ head, body: data.toString('latin1', headEnd + 4, end) })
    start = end
  }
}
