import { createServer, type Socket } from 'node:net'
import { type ProviderRequest, readRequests, refuse } from '../gateway/request-reader.ts'
import { serve } from '../gateway/serve.ts'
import { Flows } from './flows.ts'
import { Pacer } from './pacer.ts'
import { IDLE_PIECES, SHAPES, STREAMS } from './wire.ts'

const flows = new Flows()
const pacer = new Pacer(Number(process.argv[2] ?? 1))

/** The provider of the streams: the path says in which shape they come, the model at which pace. */
serve(
  createServer({ noDelay: true }, (socket) => {
    readRequests(socket, (request) => answer(request, socket))
  }),
)

function answer({ head, body }: ProviderRequest, socket: Socket): void {
  const shape = SHAPES.map((name) => STREAMS[name]).find(({ path }) => head.startsWith(`POST ${path} `))
  const pace = /"model":"(\w+)"/.exec(body)?.[1]
  if (shape === undefined || pace === undefined) refuse(socket, '404 Not Found')
  else if (pace === 'burst') socket.write(shape.whole)
  else if (pace === 'single') flows.add(socket, shape.pieces)
  else if (pace === 'idle') flows.add(socket, shape.pieces.slice(0, IDLE_PIECES))
  else if (pace === 'paced') pacer.add(socket, shape)
  else refuse(socket, '404 Not Found')
}
