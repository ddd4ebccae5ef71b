import type { IncomingMessage, ServerResponse } from 'node:http'
import { FailoverError, invalidOption } from '../../failure/index.ts'
import type { FaultRule } from './fault.ts'
import { hasFields, isDuration } from './option-checks.ts'
import { splitTarget } from './request.ts'

/** What the control endpoint can do. */
export interface Controls {
  set(rules: FaultRule | readonly FaultRule[]): void
  clear(): void
  reset(): void
  attempts(): readonly unknown[]
  goDown(options: { readonly forMs?: number }): void
}

export const CONTROL_PREFIX = '/__fault/'

/** `POST /__fault/rules` and its like, for other processes. */
export function handleControl(
  message: IncomingMessage,
  body: Buffer,
  response: ServerResponse,
  controls: Controls,
): void {
  const send = (status: number, content: unknown): void => {
    const text = `${JSON.stringify(content)}\n`
    response.writeHead(status, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) })
    response.end(text)
  }
  const address = `${message.method} ${splitTarget(message.url ?? '').path}`
  const action = ACTIONS[address]
  if (action === undefined) {
    send(404, { error: { code: 'NOT_FOUND', message: `${address} is not one of ${Object.keys(ACTIONS).join(', ')}` } })
    return
  }
  try {
    send(200, action(controls, parseJson(body)))
  } catch (error) {
    if (!(error instanceof FailoverError)) throw error
    send(400, { error: { code: error.code, message: error.message } })
  }
}

const DONE = { ok: true } as const

const ACTIONS: Readonly<Record<string, (controls: Controls, body: unknown) => unknown>> = {
  [`POST ${CONTROL_PREFIX}rules`]: (controls, body) => {
    // `set` checks it; here it is whatever was sent.
    controls.set(body as FaultRule)
    return DONE
  },
  [`DELETE ${CONTROL_PREFIX}rules`]: (controls) => {
    controls.clear()
    return DONE
  },
  [`GET ${CONTROL_PREFIX}attempts`]: (controls) => controls.attempts(),
  [`POST ${CONTROL_PREFIX}reset`]: (controls) => {
    controls.reset()
    return DONE
  },
  [`POST ${CONTROL_PREFIX}down`]: (controls, body) => {
    hasFields<{ forMs: number }>({ forMs: isDuration }, ['forMs'])('body', body)
    controls.goDown(body as { forMs: number })
    return DONE
  },
}

function parseJson(body: Buffer): unknown {
  if (body.length === 0) return undefined
  try {
    return JSON.parse(body.toString('utf8'))
  } catch {
    throw invalidOption('body', body.toString('utf8'), 'use JSON')
  }
}
