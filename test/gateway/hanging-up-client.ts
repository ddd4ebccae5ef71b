import { setTimeout as sleep } from 'node:timers/promises'
import { type Fault, faults } from '../../src/testing/index.ts'
import type { Dice } from '../simulation/random.ts'
import { type OpenThings, until } from './open-things.ts'
import { bodyFor, DIALECTS, RawClient, requestBytes } from './raw-client.ts'

/** Models that never come to an end by themselves: only hanging up ends them. */
export const ENDLESS = {
  mute: faults.silent(),
  stalled: { ...faults.stallAfter(20), tokenDelayMs: 1, pingEveryMs: 5 },
  flood: { ...faults.stallAfter(100), answer: `${'x'.repeat(120_000)} `.repeat(101) },
} satisfies Record<string, Fault>
export const HEALTHY = {
  slow: { delayHeadersMs: 10, tokenDelayMs: 2 },
  late: faults.slowHeaders(40),
  huge: { answer: 'x'.repeat(300_000) },
} satisfies Record<string, Fault>
/** At an address of its own, so that only it may be blamed: fails, or tells to come back when nobody waits any more. */
export const LIMPING = {
  failing: faults.serverError(),
  limited: faults.rateLimited({ retryAfterSeconds: 60 }),
  breaking: { ...faults.cutAfter(10), tokenDelayMs: 1 },
} satisfies Record<string, Fault>

/**
 * Routes over them, one of each dialect: over to a healthy one in the end, again and again in vain, not at all; a stream
 * that breaks off and is gone on with, or would be, if the other one ever answered.
 */
const ROUTES: readonly string[] = ['retried', 'insisted', 'awaited', 'recovered', 'unrecovered']

/** When a client leaves, and what it asks for. `stay` is one that does not. */
const MOMENTS = {
  'in its head': ['slow'],
  'in its body': ['slow'],
  'once it has asked': ['mute', 'slow', 'late', 'stalled', 'huge', 'retried', 'insisted', 'awaited', 'awaited'],
  'in a stream': ['slow', 'stalled', 'retried'],
  'in a stream it does not read': ['flood'],
  'in a recovery': ['recovered', 'unrecovered'],
  'in a whole answer': ['huge'],
  'at the very end': ['slow', 'late', 'retried', 'recovered'],
  stay: ['slow', 'late', 'retried', 'recovered'],
} as const
type Moment = keyof typeof MOMENTS
const USUAL_MOMENTS = Object.keys(MOMENTS).filter((name) => !name.includes('not read')) as [Moment]

export interface Plan {
  readonly name: string
  readonly moment: Moment
  readonly model: string
  readonly stream: boolean
  readonly dialect: (typeof DIALECTS)[number]
  /** Of the request, that are sent before it leaves. */
  readonly share: number
  /** Of the answer, that have come before it leaves. */
  readonly bytes: number
  readonly ms: number
  /** Reset the connection rather than close it. */
  readonly resets: boolean
}

export function planOf(index: number, dice: Dice): Plan {
  const moment = index % 50 === 1 ? 'in a stream it does not read' : dice.pick(USUAL_MOMENTS)
  const model = dice.pick(MOMENTS[moment] as readonly [string])
  const isOnlyStreamed =
    moment.startsWith('in a stream') || moment === 'in a recovery' || model === 'flood' || model === 'stalled'
  return {
    name: `client-${index}`,
    moment,
    model,
    stream: isOnlyStreamed || (model !== 'huge' && dice.chance(0.5)),
    dialect: dice.pick<Plan['dialect']>(DIALECTS),
    share: dice.next(),
    bytes: dice.magnitude(1, 6_000),
    ms: dice.magnitude(1, 300),
    resets: dice.chance(0.3),
  }
}

/** Asks `DIALECT/MODEL`, or the route `MODEL-DIALECT`, and leaves when the plan says so. @returns what a client that stays was told */
export async function run(port: number, plan: Plan, open: OpenThings): Promise<string | undefined> {
  const { name, moment, model, stream, dialect, share, bytes, ms, resets } = plan
  const body = bodyFor(ROUTES.includes(model) ? `${model}-${dialect.dialect}` : `${dialect.dialect}/${model}`, {
    stream,
    name,
  })
  const headers = { 'x-case': name, connection: moment === 'stay' ? 'close' : 'keep-alive' }
  const request = requestBytes(dialect.path, body, headers)
  const headBytes = request.length - Buffer.byteLength(body)
  using client = new RawClient(port)
  const send = (length: number) => new Promise((resolve) => client.socket.write(request.subarray(0, length), resolve))
  const hasBody = (length: number) => () => client.received.length - client.received.indexOf('\r\n\r\n') - 4 >= length
  const isWhole = () =>
    stream
      ? client.received.includes(dialect.end)
      : hasBody(Number(/content-length: (\d+)/.exec(client.received)?.[1] ?? Number.POSITIVE_INFINITY))()
  if (moment === 'in its head') await send(Math.floor(share * headBytes))
  else if (moment === 'in its body') await send(headBytes + Math.floor(share * (request.length - headBytes)))
  else await send(request.length)
  if (moment === 'once it has asked') await sleep(ms)
  else if (moment === 'in a stream' || moment === 'in a whole answer')
    await client.sees(() => client.received.includes('\r\n\r\n') && hasBody(bytes)())
  else if (moment === 'in a recovery') {
    // A token of the ten is longer than a hundred bytes.
    await client.sees(() => client.received.includes('\r\n\r\n') && hasBody(1_000)())
    await sleep(ms)
  } else if (moment === 'in a stream it does not read') {
    await client.sees(' 200 OK')
    client.socket.pause()
    const { localPort } = client.socket
    const isBlocked = () => open.sockets(port).some((one) => one.remotePort === localPort && one.writableLength > 0)
    await until('the answer piles up in the gateway', isBlocked)
  } else if (moment === 'at the very end') await client.sees(isWhole)
  else if (moment === 'stay') return await client.closed()
  if (resets) client.socket.resetAndDestroy()
  else client.socket.destroy()
  await client.closed()
  return undefined
}
