import type { ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { type Clock, settle } from '../../engine/clock.ts'
import type { Reply } from './reply.ts'
import type { Step } from './steps.ts'

export interface WriteOptions {
  readonly clock: Clock
  /** Aborts when the client has gone or the provider is closed. */
  readonly signal: AbortSignal
  readonly onStatus: (status: number) => void
  readonly onWritten: (written: { readonly tokens: number; readonly bytes: number }) => void
}

/**
 * Does on the wire what the reply says, one step after the other, each write by itself.
 * Rejects with the signal's reason when that aborts.
 */
export async function writeReply(
  response: ServerResponse,
  reply: Reply,
  options: WriteOptions,
): Promise<'completed' | 'cut' | 'reset'> {
  const { clock, signal } = options
  await wait(clock, reply.delayHeadersMs, signal)
  if (reply.isBrokenAtOnce !== undefined) return breakOff(response, reply.isBrokenAtOnce)

  response.writeHead(reply.status, { date: new Date(clock.now()).toUTCString(), ...mutable(reply.headers) })
  options.onStatus(reply.status)
  response.flushHeaders()
  for (const step of stepsOf(reply)) await perform(response, step, options)

  switch (reply.ending) {
    case 'end':
      await orAbort(signal, (resolve) => response.end(resolve))
      return 'completed'
    case 'stay_open':
      await wait(clock, Number.POSITIVE_INFINITY, signal)
      return 'completed'
    case 'cut':
    case 'reset':
      return breakOff(response, reply.ending)
  }
}

/**
 * A reset throws away what the client's system has not acknowledged yet, and only about ten packets may be on their way
 * at a time. So what stands before a reset without a pause goes out in one.
 */
function stepsOf({ steps, ending }: Reply): readonly Step[] {
  if (ending !== 'reset') return steps
  const merged: Step[] = []
  for (const step of steps) {
    const last = merged.at(-1)
    if (step.kind === 'write' && last?.kind === 'write') {
      const bytes = Buffer.concat([last.bytes, step.bytes])
      merged[merged.length - 1] = { kind: 'write', bytes, tokens: last.tokens + step.tokens }
    } else merged.push(step)
  }
  return merged
}

async function perform(response: ServerResponse, step: Step, options: WriteOptions): Promise<void> {
  if (step.kind === 'write') {
    await write(response, step.bytes, options.signal)
    options.onWritten({ tokens: step.tokens, bytes: step.bytes.length })
    return
  }
  if (step.ping === undefined) return wait(options.clock, step.ms, options.signal)
  let leftMs = step.ms
  for (; leftMs > step.ping.everyMs; leftMs -= step.ping.everyMs) {
    await wait(options.clock, step.ping.everyMs, options.signal)
    await write(response, step.ping.bytes, options.signal)
    options.onWritten({ tokens: 0, bytes: step.ping.bytes.length })
  }
  await wait(options.clock, leftMs, options.signal)
}

/** Resolves once the bytes are with the operating system. */
async function write(response: ServerResponse, bytes: Buffer, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted()
  if (bytes.length === 0) return
  await orAbort(signal, (resolve) => response.write(bytes, resolve))
}

async function wait(clock: Clock, ms: number, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted()
  if (ms <= 0) return
  if (ms !== Number.POSITIVE_INFINITY) return clock.sleep(ms, signal)
  await orAbort(signal, () => {})
}

/** Resolves when `start` calls back; rejects with the signal's reason as soon as it aborts. */
function orAbort(signal: AbortSignal, start: (resolve: () => void) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    const onAbort = (): void => reject(signal.reason)
    signal.addEventListener('abort', onAbort, { once: true })
    start(() => {
      signal.removeEventListener('abort', onAbort)
      resolve()
    })
  })
}

async function breakOff(response: ServerResponse, how: 'cut' | 'reset'): Promise<'cut' | 'reset'> {
  const socket = response.socket
  if (socket === null) return how
  await flushed(socket)
  // What was written must have reached the client before the break: let the event loop turn once.
  await settle()
  if (how === 'reset') socket.resetAndDestroy()
  else socket.destroySoon()
  return how
}

/** Headers wait in the socket until its first write is through; an empty write queues up behind them. */
function flushed(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    if (socket.destroyed) resolve()
    else socket.write('', () => resolve())
  })
}

function mutable(headers: Reply['headers']): Record<string, string | string[]> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [
      name.toLowerCase(),
      typeof value === 'string' ? value : [...value],
    ]),
  )
}
