import { setTimeout as sleep } from 'node:timers/promises'
import type { FailoverEvent, FailoverManager } from '../../src/index.ts'
import { type Answer, type Fault, type FaultRule, faults } from '../../src/testing/index.ts'
import { RawClient, requestBytes } from '../gateway/raw-client.ts'
import type { Dice } from '../simulation/random.ts'

const DIALECTS = [
  { dialect: 'openai', path: '/v1/chat/completions' },
  { dialect: 'anthropic', path: '/v1/messages' },
] as const

const LONG = Array.from({ length: 600 }, (_, index) => `w${index}`).join(' ')
const TEXT_TOKENS = 12
const CALLING: Answer = {
  text: LONG.split(' ').slice(0, TEXT_TOKENS).join(' '),
  toolCalls: [{ name: 'write', arguments: { text: LONG } }],
}
const TOKEN_DELAY_MS = 20

/** What a healthy provider does with each of its models: none of them comes to its end while a client waits. */
export const CALM = {
  mute: faults.silent(),
  late: { answer: LONG, delayHeadersMs: 60, tokenDelayMs: TOKEN_DELAY_MS },
  long: { answer: LONG, tokenDelayMs: TOKEN_DELAY_MS },
  stalled: { answer: LONG, stallAfterTokens: 8 },
  further: { answer: LONG, stallAfterTokens: 40 },
  calling: { answer: CALLING, stallAfterTokens: TEXT_TOKENS + 20 },
} satisfies Record<string, Fault>

const BROKEN = {
  broken: { answer: LONG, cutAfterTokens: 20 },
  /** Amid a call that is held; only text was delivered. */
  calling: { answer: CALLING, cutAfterTokens: TEXT_TOKENS + 30 },
} satisfies Record<string, Fault>

/** At an address of its own, so that only it may be blamed; and each client asks for a model of its own there. */
export const BREAKING: readonly FaultRule[] = Object.entries(BROKEN).map(([name, fault]) => ({
  fault,
  when: ({ model }) => model?.startsWith(name) === true,
}))

interface Situation {
  /** A model of the calm provider; or one that breaks, and the one that goes on then. */
  readonly model: string
  /** The client leaves some time after this has been told of its request, so often. */
  readonly after: FailoverEvent['type']
  readonly times?: number
  /** It leaves only once it has got so many events. */
  readonly events?: number
}

const SITUATIONS = {
  'before the commit': [{ model: 'mute', after: 'attempt_started' }],
  'after the commit': [
    { model: 'long', after: 'attempt_committed', events: 3 },
    { model: 'stalled', after: 'attempt_committed' },
  ],
  'while a call is held': [{ model: 'calling', after: 'attempt_committed', events: TEXT_TOKENS }],
  'in a recovery': [
    // Nothing comes, or what comes is still suppressed, or it has gone on.
    { model: 'broken>mute', after: 'recovery_started' },
    { model: 'broken>late', after: 'recovery_started' },
    { model: 'broken>long', after: 'attempt_committed', times: 2 },
    { model: 'broken>stalled', after: 'attempt_committed', times: 2 },
    { model: 'broken>further', after: 'recovery_succeeded' },
    { model: 'calling>mute', after: 'recovery_started' },
    { model: 'calling>calling', after: 'attempt_committed', times: 2 },
  ],
} as const satisfies Record<string, readonly Situation[]>

/** How a client leaves: each door has its own ways. */
const WAYS = { gateway: ['close', 'reset'], library: ['abort', 'cancel', 'return'] } as const

export interface Leaving extends Situation {
  readonly name: string
  readonly dialect: (typeof DIALECTS)[number]
  readonly door: keyof typeof WAYS
  readonly way: (typeof WAYS)[keyof typeof WAYS][number]
  /** Milliseconds behind what it waits for. */
  readonly ms: number
}

export function leavingOf(index: number, dice: Dice): Leaving {
  const kind = dice.pick(Object.keys(SITUATIONS) as [keyof typeof SITUATIONS])
  const door = dice.pick(['gateway', 'library'] as const)
  const ways = WAYS[door] as readonly Leaving['way'][] as [Leaving['way']]
  return {
    ...dice.pick<Situation>(SITUATIONS[kind] as readonly [Situation]),
    name: `client-${index}`,
    dialect: dice.pick<Leaving['dialect']>(DIALECTS),
    door,
    // Before the commit there is no stream that could be left.
    way: kind === 'before the commit' && door === 'library' ? 'abort' : dice.pick(ways),
    ms: dice.magnitude(1, 100) - 1,
  }
}

/** The routes that these clients ask for, each its own by its name. */
export function routesFor(plans: readonly Leaving[]): Record<string, { primary: string; fallbacks: string[] }> {
  return Object.fromEntries(
    plans.map(({ name, model, dialect: { dialect } }) => {
      const [first = '', then] = model.split('>')
      return then === undefined
        ? [name, { primary: `calm-${dialect}/${first}`, fallbacks: [] }]
        : [name, { primary: `breaking-${dialect}/${first}-${name}`, fallbacks: [`calm-${dialect}/${then}`] }]
    }),
  )
}

/** What a manager has told of each client's request. */
export class Told {
  readonly events: FailoverEvent[] = []
  readonly #names = new Map<string, string>()
  readonly #counts = new Map<string, number>()
  readonly #waiting = new Map<string, () => void>()

  constructor(manager: FailoverManager) {
    manager.on('*', (event) => this.#take(event))
  }

  count(type: FailoverEvent['type']): number {
    return this.events.filter((event) => event.type === type).length
  }

  /** Resolves when what this client waits for has been told. */
  async until({ name, after, times = 1 }: Leaving): Promise<void> {
    if ((this.#counts.get(`${name} ${after}`) ?? 0) >= times) return
    await new Promise<void>((resolve) => this.#waiting.set(`${name} ${after} ${times}`, resolve))
  }

  #take(event: FailoverEvent): void {
    this.events.push(event)
    if (!('requestId' in event)) return
    if (event.type === 'request_started') this.#names.set(event.requestId, event.model)
    const key = `${this.#names.get(`${event.requestId}`)} ${event.type}`
    const count = (this.#counts.get(key) ?? 0) + 1
    this.#counts.set(key, count)
    this.#waiting.get(`${key} ${count}`)?.()
  }
}

/** Whom clients ask, and the clock that says when they left. */
export interface Asked {
  readonly port: number
  readonly manager: FailoverManager
  readonly told: Told
  readonly now: () => number
}

/** Asks, and leaves as the plan says. @returns when it left */
export async function leave(plan: Leaving, asked: Asked): Promise<number> {
  const { name } = plan
  const body = {
    model: name,
    max_tokens: 9_999,
    messages: [{ role: 'user', content: 'Go on.' }],
    stream: true,
    user: name,
  }
  return plan.door === 'gateway' ? await leaveGateway(plan, asked, body) : await leaveLibrary(plan, asked, body)
}

async function leaveGateway(plan: Leaving, { port, told, now }: Asked, body: object): Promise<number> {
  using client = new RawClient(port)
  client.socket.write(requestBytes(plan.dialect.path, JSON.stringify(body)))
  await told.until(plan)
  await client.sees(() => client.received.split('data: ').length > (plan.events ?? 0))
  await sleep(plan.ms)
  const leftAt = now()
  if (plan.way === 'reset') client.socket.resetAndDestroy()
  else client.socket.destroy()
  await client.closed()
  return leftAt
}

async function leaveLibrary(
  plan: Leaving,
  { manager, told, now }: Asked,
  body: { readonly model: string },
): Promise<number> {
  const leaver = new AbortController()
  const opening = manager.call(body, { signal: leaver.signal })
  const events = opening.then((stream) => stream[Symbol.asyncIterator]())
  const { promise: isThere, resolve } = Promise.withResolvers<void>()
  const reading = events.then(async (iterator) => {
    for (let got = 0; ; got++) {
      if (got >= (plan.events ?? 0)) resolve()
      if ((await iterator.next()).done) return
    }
  })
  // It is left while it is read.
  reading.catch(() => {})
  await told.until(plan)
  if (plan.events !== undefined) await isThere
  await sleep(plan.ms)
  const leftAt = now()
  if (plan.way === 'abort') leaver.abort(new Error('left'))
  else if (plan.way === 'cancel') (await opening).cancel()
  else await (await events).return?.()
  return leftAt
}
