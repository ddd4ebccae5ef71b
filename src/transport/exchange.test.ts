import { spawn } from 'node:child_process'
import { getEventListeners, once } from 'node:events'
import { connect } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, describe, expect, it } from 'vitest'
import { chunk, chunkedHead, head, type RawServer, reply, startRawServer } from '../../test/support/raw-server.ts'
import { type Clock, settle, systemClock } from '../engine/index.ts'
import { FailoverError } from '../failure/index.ts'
import { VirtualClock } from '../testing/virtual-clock.ts'
import { type Answer, exchange } from './exchange.ts'
import { Pools } from './pools.ts'
import { readWhole } from './read-whole.ts'

let pools = new Pools()
afterEach(async () => {
  await pools.destroy()
  pools = new Pools()
})

interface SendOptions {
  readonly signal?: AbortSignal
  readonly clock?: Clock
  readonly connectMs?: number
  readonly body?: string
}

function send(url: string, options: SendOptions = {}): Promise<Answer> {
  const { signal = new AbortController().signal, clock = systemClock, connectMs = 5_000, body = '{}' } = options
  return exchange(pools, {
    url: new URL(url),
    method: 'POST',
    headers: { 'x-test': '1' },
    body,
    signal,
    clock,
    connectMs,
  })
}

async function textOf(answer: Answer): Promise<string> {
  return (await readWhole(answer.body, 1e9)).text
}

/** Resolves when the peer has closed the connection; rejects after a second. */
async function seesClose(server: RawServer): Promise<void> {
  const isLate = AbortSignal.timeout(1_000)
  await Promise.race([
    server.firstClosed,
    once(isLate, 'abort').then(() => expect.unreachable('the connection stays open')),
  ])
}

describe('exchange', () => {
  it('resolves with status, headers and body', async () => {
    await using server = await startRawServer((socket) =>
      socket.write(
        'HTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\nHTTP/1.1 429 No\r\nX-Two: a\r\nx-two: b\r\nRetry-After: 1\r\ncontent-length: 2\r\n\r\nno',
      ),
    )
    const answer = await send(`${server.url}/path?q=1`, { body: '{"a":"ü"}' })
    expect(answer).toMatchObject({ status: 429, headers: { 'retry-after': '1', 'x-two': ['a', 'b'] } })
    expect(await textOf(answer)).toBe('no')
    expect(server.requests).toMatchObject([
      { method: 'POST', path: '/path?q=1', headers: { 'x-test': '1' }, body: '{"a":"ü"}' },
    ])
  })

  it('uses a connection again', async () => {
    await using server = await startRawServer((socket) => socket.write(reply('ok')))
    for (let count = 0; count < 5; count++) {
      expect(await textOf(await send(server.url))).toBe('ok')
      await settle()
    }
    expect(server.sockets).toHaveLength(1)
  })

  it('does not wait on a slow answer with the next request', async () => {
    await using server = await startRawServer((socket, _request, index) => {
      if (index > 0) socket.write(reply('fast'))
    })
    const controller = new AbortController()
    const reason = new Error('gone')
    const slow = send(server.url, { signal: controller.signal })
    expect(await textOf(await send(server.url))).toBe('fast')
    controller.abort(reason)
    await expect(slow).rejects.toBe(reason)
  })

  it('says what kept it from connecting', async () => {
    const server = await startRawServer(() => {})
    await server[Symbol.asyncDispose]()
    const error = await send(server.url).catch((caught: unknown) => caught)
    expect(error).toMatchObject({
      code: 'NETWORK_ERROR',
      reason: 'network',
      isRetryable: true,
      cause: { code: 'ECONNREFUSED' },
    })
    expect(error).toHaveProperty('message', expect.stringContaining(server.url))
  })

  it('fails when no connection comes about in time', async () => {
    await using server = await startRawServer(() => {})
    const clock = new VirtualClock()
    const { signal } = new AbortController()
    // A TLS handshake that nobody answers.
    const answer = send(server.url.replace('http:', 'https:'), { clock, connectMs: 750, signal })
    answer.catch(() => {})
    await clock.advance(749)
    expect(clock.pendingTimers).toBe(1)
    await clock.advance(1)
    await expect(answer).rejects.toMatchObject({
      code: 'TIMEOUT',
      reason: 'timeout',
      message: expect.stringContaining('750 ms'),
      cause: { timeoutPhase: 'connect' },
    })
    expect(clock.pendingTimers).toBe(0)
    expect(getEventListeners(signal, 'abort')).toHaveLength(0)
  })

  it('does not count the wait for one of its own connections as connecting', async () => {
    pools = new Pools({ connections: 1 })
    await using server = await startRawServer((socket, _request, index) => {
      if (index > 0) socket.write(reply('second'))
    })
    const clock = new VirtualClock()
    const first = send(server.url, { clock })
    while (server.requests.length === 0) await settle()
    const second = send(server.url, { clock, connectMs: 100 })
    await clock.advance(1_000)
    server.sockets[0]?.write(reply('first'))
    expect(await textOf(await first)).toBe('first')
    expect(await textOf(await second)).toBe('second')
  })

  it('leaves nothing behind that closing would wait for where no connection came about', async () => {
    const blackhole = await startBlackhole()
    const patient = new Pools()
    try {
      const url = new URL(`http://127.0.0.1:${blackhole.port}/`)
      const { signal } = new AbortController()
      const asked = exchange(patient, { url, method: 'GET', headers: {}, signal, clock: systemClock, connectMs: 200 })
      await expect(asked).rejects.toMatchObject({ code: 'TIMEOUT' })
      await patient.close()
    } finally {
      blackhole.stop()
    }
  }, 15_000)

  it('is canceled where the pools were closed', async () => {
    await using server = await startRawServer((socket) => socket.write(reply('ok')))
    expect(await textOf(await send(server.url))).toBe('ok')
    await pools.close()
    await expect(send(server.url)).rejects.toMatchObject({ code: 'CANCELED', reason: 'canceled' })
    await expect(send('http://127.0.0.1:9')).rejects.toMatchObject({ code: 'CANCELED' })
  })
})

describe('abort', () => {
  it('keeps an aborted request from being sent', async () => {
    await using server = await startRawServer(() => {})
    const reason = new Error('gone')
    await expect(send(server.url, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason)
    expect(server.sockets).toHaveLength(0)
  })

  it.each([
    ['before the head', undefined],
    ['in the body', chunkedHead()],
  ])('reaches the wire %s', async (_when, written) => {
    await using server = await startRawServer(
      (socket) => written && socket.write(Buffer.concat([written, chunk('first')])),
    )
    const controller = new AbortController()
    const reason = new Error('gone')
    const pending = send(server.url, { signal: controller.signal }).then(textOf)
    pending.catch(() => {})
    while (server.requests.length === 0) await settle()
    await sleep(20)
    controller.abort(reason)
    await expect(pending).rejects.toBe(reason)
    await seesClose(server)
    expect(getEventListeners(controller.signal, 'abort')).toHaveLength(0)
  })

  it('reaches the wire when the reader stops', async () => {
    await using server = await startRawServer((socket) => socket.write(Buffer.concat([chunkedHead(), chunk('first')])))
    const { signal } = new AbortController()
    const answer = await send(server.url, { signal })
    for await (const bytes of answer.body) {
      expect(Buffer.from(bytes).toString()).toBe('first')
      break
    }
    await seesClose(server)
    expect(getEventListeners(signal, 'abort')).toHaveLength(0)
  })

  it('ends a read that waits when the reader cancels', async () => {
    await using server = await startRawServer((socket) => socket.write(chunkedHead()))
    const answer = await send(server.url)
    const read = answer.body.next()
    answer.body.cancel()
    expect(await read).toEqual({ done: true, value: undefined })
    await seesClose(server)
  })

  it('after the end touches nothing', async () => {
    await using server = await startRawServer((socket) => socket.write(reply('ok')))
    const controller = new AbortController()
    expect(await textOf(await send(server.url, { signal: controller.signal }))).toBe('ok')
    expect(getEventListeners(controller.signal, 'abort')).toHaveLength(0)
    controller.abort()
    await settle()
    expect(await textOf(await send(server.url))).toBe('ok')
    expect(server.sockets).toHaveLength(1)
  })
})

describe('a body that breaks off', () => {
  it.each([
    [
      'its length is not reached',
      () => Buffer.concat([head({ 'content-length': '100' }), Buffer.from('short')]),
      'end',
    ],
    ['its last chunk is missing', () => Buffer.concat([chunkedHead(), chunk('short')]), 'end'],
    ['a chunk is cut', () => Buffer.concat([chunkedHead(), Buffer.from('64\r\nshort')]), 'end'],
    ['the connection is reset', () => Buffer.concat([chunkedHead(), chunk('short')]), 'reset'],
  ])('fails when %s, after what had come', async (_what, bytes, how) => {
    await using server = await startRawServer((socket) => {
      socket.write(bytes(), () => {
        if (how === 'end') socket.end()
        else void sleep(20).then(() => socket.resetAndDestroy())
      })
    })
    const answer = await send(server.url)
    const first = await answer.body.next()
    expect(Buffer.from(first.value ?? '').toString()).toBe('short')
    const error = await answer.body.next().catch((caught: unknown) => caught)
    expect(error).toBeInstanceOf(FailoverError)
    expect(error).toMatchObject({ code: 'NETWORK_ERROR', reason: 'network' })
  })

  it('fails before the head too', async () => {
    await using server = await startRawServer((socket) => socket.end())
    await expect(send(server.url)).rejects.toMatchObject({ code: 'NETWORK_ERROR', cause: { code: 'UND_ERR_SOCKET' } })
  })

  it('fails where the answer is no HTTP', async () => {
    await using server = await startRawServer((socket) => socket.end('SSH-2.0-OpenSSH\r\n'))
    await expect(send(server.url)).rejects.toMatchObject({ code: 'NETWORK_ERROR' })
  })
})

describe('backpressure', () => {
  it('slows a server down to the pace of its reader', async () => {
    const size = 64 * 1024 * 1024
    await using server = await startRawServer((socket) => {
      socket.write(head({ 'content-length': `${size}` }))
      const piece = Buffer.alloc(1024 * 1024)
      const write = (left: number): void => {
        if (left > 0) socket.write(piece, () => write(left - piece.length))
      }
      write(size)
    })
    const answer = await send(server.url)
    await answer.body.next()
    await sleep(200)
    const [socket] = server.sockets
    // What lies in the kernel's buffers of both sides, not the body.
    expect(socket?.bytesWritten).toBeLessThan(size / 2)
    let rest = 0
    for await (const bytes of answer.body) {
      expect(bytes.length).toBeLessThan(256 * 1024)
      rest += bytes.length
    }
    expect(rest).toBeGreaterThan(size - 256 * 1024)
  })
})

describe('drain', () => {
  const limits = { maxMs: 2_000, maxBytes: 1_000 }

  it('takes in the rest, so that the connection is used again', async () => {
    await using server = await startRawServer((socket, _request, index) => {
      socket.write(index === 0 ? Buffer.concat([chunkedHead(), chunk('end mark')]) : reply('second'))
    })
    const clock = new VirtualClock()
    const answer = await send(server.url)
    await answer.body.next()
    answer.body.drain({ clock, ...limits })
    server.sockets[0]?.write(Buffer.concat([chunk('rest'), chunk('')]))
    while (clock.pendingTimers > 0) await settle()
    await settle()
    expect(await textOf(await send(server.url))).toBe('second')
    expect(server.sockets).toHaveLength(1)
  })

  it('gives up after its time', async () => {
    await using server = await startRawServer((socket) =>
      socket.write(Buffer.concat([chunkedHead(), chunk('end mark')])),
    )
    const clock = new VirtualClock()
    const { signal } = new AbortController()
    const answer = await send(server.url, { signal })
    answer.body.drain({ clock, ...limits })
    expect(getEventListeners(signal, 'abort')).toHaveLength(0)
    await clock.advance(limits.maxMs)
    await seesClose(server)
  })

  it('gives up where too much comes', async () => {
    await using server = await startRawServer((socket) =>
      socket.write(Buffer.concat([chunkedHead(), chunk('end mark')])),
    )
    const clock = new VirtualClock()
    const answer = await send(server.url)
    answer.body.drain({ clock, ...limits })
    server.sockets[0]?.write(chunk('x'.repeat(limits.maxBytes + 10)))
    await seesClose(server)
    expect(clock.pendingTimers).toBe(0)
  })
})

/** A port that takes no connection: whoever listens there sleeps, and the queue of the kernel is full. */
async function startBlackhole(): Promise<{ readonly port: number; stop(): void }> {
  const listen = `const server = require('node:net').createServer().listen({ port: 0, host: '127.0.0.1', backlog: 1 }, () => {
    require('node:fs').writeSync(1, String(server.address().port) + '\\n')
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0)
  })`
  const child = spawn(process.execPath, ['-e', listen], { stdio: ['ignore', 'pipe', 'inherit'] })
  const [line] = (await once(child.stdout, 'data')) as [Buffer]
  const port = Number(line.toString())
  const queued = Array.from({ length: 4 }, () => connect(port, '127.0.0.1').on('error', () => {}))
  await sleep(100)
  return {
    port,
    stop() {
      for (const socket of queued) socket.destroy()
      child.kill('SIGKILL')
    },
  }
}
