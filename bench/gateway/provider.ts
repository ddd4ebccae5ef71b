import { createServer } from 'node:net'
import { readRequests, refuse } from './request-reader.ts'
import { serve } from './serve.ts'
import { ANSWERS } from './wire.ts'

/**
 * The provider that is asked in the end. It reads no more of a request than says where it ends, which answer it wants,
 * and that it is one an OpenAI provider would take; anything else is refused, which ends the benchmark.
 */
serve(
  createServer({ noDelay: true }, (socket) => {
    readRequests(socket, ({ head, body }) => {
      if (!head.startsWith('POST /v1/chat/completions ') || !body.includes('"model":"gpt-5"')) {
        refuse(socket, '404 Not Found')
      } else socket.write(body.includes('"stream":true') ? ANSWERS.stream.bytes : ANSWERS.json.bytes)
    })
  }),
)
