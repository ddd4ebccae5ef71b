import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { settle } from '../../engine/clock.ts'
import { type Attempt, AttemptLog } from './attempt-log.ts'
import { CONTROL_PREFIX, type Controls, handleControl } from './control.ts'
import { decide } from './decide.ts'
import { DownSchedule } from './down-schedule.ts'
import type { FaultRule } from './fault.ts'
import { checkRule } from './fault-checks.ts'
import { isOneOrMore } from './option-checks.ts'
import { type FaultProviderOptions, parseOptions } from './options.ts'
import { Port } from './port.ts'
import { RateLimit } from './rate-limit.ts'
import { parseRequest } from './request.ts'
import { RuleBook } from './rules.ts'
import { writeReply } from './write-reply.ts'

export interface FaultProvider {
  /** `http://127.0.0.1:PORT`, without `/v1`. Stays the same while the provider is down. */
  readonly url: string
  /** Every request that came in complete, oldest first; always the same, live list. */
  readonly attempts: readonly Attempt[]
  /** Puts rules before all others, in the order given; their times count from now. The function takes them out again. */
  set(rules: FaultRule | readonly FaultRule[]): () => void
  /** Closes the port and every connection: connections are refused, until `comeUp` or for `forMs`. */
  goDown(options?: { readonly forMs?: number }): Promise<void>
  /** Opens the same port again. */
  comeUp(): Promise<void>
  /** Resolves when no request is being answered. */
  idle(): Promise<void>
  /** Back to the options: forgets the log, all counts and what `set` added, restarts the script's time, and comes up. */
  reset(): Promise<void>
  /** Ends everything at once: port, connections, timers. */
  close(): Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}

/**
 * Starts an HTTP server on loopback that speaks OpenAI chat completions and Anthropic messages, and misbehaves as told.
 * `docs/fault-provider.md` has a recipe for each fault.
 *
 * @throws FailoverError `INVALID_OPTION` for an option that is wrong or unknown
 */
export async function startFaultProvider(options: FaultProviderOptions = {}): Promise<FaultProvider> {
  const settings = parseOptions(options)
  const { clock } = settings
  const log = new AttemptLog()
  const rules = new RuleBook(settings, clock.now())
  const limits = settings.rateLimits.map((limit) => new RateLimit(limit, clock.now()))
  const active = new Set<AbortController>()
  let answers = 0

  const server = createServer({ keepAliveTimeout: 60_000, requestTimeout: 0 }, (message, response) => {
    void serve(message, response)
  })
  const port = new Port(server, settings)
  const schedule = new DownSchedule(clock, settings.down, { goDown, comeUp: () => port.open() })

  async function serve(message: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await readBody(message)
    if (body === undefined) return
    if (message.url?.startsWith(CONTROL_PREFIX)) {
      handleControl(message, body, response, controls)
      return
    }
    await answer(message, body, response)
  }

  async function answer(message: IncomingMessage, body: Buffer, response: ServerResponse): Promise<void> {
    const request = parseRequest(message, body)
    const entry = log.begin(request, clock.now(), message.socket.remotePort)
    const leaving = new AbortController()
    active.add(leaving)
    response.on('close', () => {
      if (!response.writableFinished) leaving.abort('client_hung_up')
    })
    try {
      answers += 1
      const serial = `fault${String(answers).padStart(6, '0')}`
      const decision = decide({ settings, request, entries: rules.entries, limits, serial, nowMs: clock.now() })
      if (decision.fault !== undefined) entry.chose(decision.fault)
      const outcome = await writeReply(response, decision.reply, {
        clock,
        signal: leaving.signal,
        onStatus: entry.sentStatus,
        onWritten: entry.wrote,
      })
      entry.end(outcome, clock.now())
    } catch (error) {
      if (leaving.signal.aborted) {
        entry.end(leaving.signal.reason === 'client_hung_up' ? 'client_hung_up' : 'cut', clock.now())
      } else {
        // A function of the options threw (`when`, `answer`, `splitTokens`): say so where the test will see it.
        response.writeHead(500, { 'content-type': 'text/plain' }).end(`fault provider: ${error}\n`)
        entry.sentStatus(500)
        entry.end('completed', clock.now())
      }
    } finally {
      active.delete(leaving)
    }
  }

  function breakAll(): void {
    for (const leaving of active) leaving.abort('cut')
  }

  async function goDown(): Promise<void> {
    breakAll()
    await port.close()
  }

  const provider: FaultProvider = {
    url: await port.open(),
    attempts: log.attempts,
    set(added) {
      isOneOrMore(checkRule)('rule', added)
      return rules.add([added].flat(), clock.now())
    },
    async goDown({ forMs } = {}) {
      if (forMs !== undefined) schedule.comeUpIn(forMs)
      await goDown()
    },
    async comeUp() {
      await port.open()
    },
    idle: () => log.idle(),
    async reset() {
      const nowMs = clock.now()
      log.clear()
      rules.reset(nowMs)
      for (const limit of limits) limit.reset(nowMs)
      schedule.restart()
      await port.open()
    },
    async close() {
      schedule.stop()
      breakAll()
      await port.closeForGood()
    },
    async [Symbol.asyncDispose]() {
      await provider.close()
    },
  }
  const controls: Controls = {
    set: provider.set,
    clear: () => rules.clear(),
    reset: () => void provider.reset(),
    attempts: () => log.attempts,
    goDown(down) {
      // The answer to the one who asked for it must be out before its connection goes.
      void settle().then(() => provider.goDown(down))
    },
  }
  schedule.restart()
  return provider
}

/** Undefined where the client left in the middle of its request. */
async function readBody(message: IncomingMessage): Promise<Buffer | undefined> {
  const chunks: Buffer[] = []
  try {
    for await (const chunk of message) chunks.push(chunk)
  } catch {
    return undefined
  }
  return Buffer.concat(chunks)
}
