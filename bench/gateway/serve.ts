import type { AddressInfo, Server } from 'node:net'

/** Listens on a free port, says where, and ends with whoever started it, however that one ended. */
export function serve(server: Server): void {
  server.listen(0, '127.0.0.1', 1_024, () => {
    const { port } = server.address() as AddressInfo
    process.stdout.write(`http://127.0.0.1:${port}\n`)
  })
  process.stdin.resume().on('end', () => process.exit())
}
