import type Anthropic from '@anthropic-ai/sdk'
import { describe, expect, it } from 'vitest'
import { startFaultProvider } from '../../src/testing/index.ts'
import { GatewayWorld, startRecorder } from './gateway-world.ts'
import { bothAt } from './raw-client.ts'

const KEYS = ['sk-key-1', 'sk-key-2', 'sk-key-3']
const SIGNATURE = `EqQBCkYIBxgCKkA${'s'.repeat(300)}`

/** The last part of `x-hotspare-target`. */
function profileIn(response: Response): string | undefined {
  return response.headers.get('x-hotspare-target')?.split('@')[1]
}

describe('requests of one session keep to one key', () => {
  it('where the SDKs name it: prompt_cache_key of OpenAI’s, metadata.user_id of Anthropic’s', async () => {
    await using provider = await startFaultProvider()
    await using world = await GatewayWorld.start({ providers: bothAt(provider.url, { keys: KEYS }) })
    let asked = 0
    const askers = [
      async (session: string) => {
        const question = { role: 'user' as const, content: `Question ${asked++}` }
        const answer = world
          .openai()
          .chat.completions.create({ model: 'openai/m', messages: [question], prompt_cache_key: session })
        return profileIn((await answer.withResponse()).response)
      },
      async (session: string) => {
        const question = { role: 'user' as const, content: `Question ${asked++}` }
        const answer = world.anthropic().messages.create({
          model: 'anthropic/m',
          max_tokens: 100,
          messages: [question],
          metadata: { user_id: `user_ab_account_cd_session_${session}` },
        })
        return profileIn((await answer.withResponse()).response)
      },
    ]
    for (const ask of askers) {
      const profiles = new Set<string | undefined>()
      for (let session = 0; session < 12; session += 1) {
        const [first, ...others] = [await ask(`s-${session}`), await ask(`s-${session}`), await ask(`s-${session}`)]
        expect(others).toEqual([first, first])
        profiles.add(first)
      }
      expect(profiles.size).toBe(KEYS.length)
    }
  })

  it('where nobody names it, by what it begins with, unless the owner’s order goes before', async () => {
    await using provider = await startFaultProvider()
    for (const strategy of ['round_robin', 'priority'] as const) {
      await using world = await GatewayWorld.start({
        providers: { openai: { baseUrl: provider.url, keys: KEYS } },
        manager: { strategy },
      })
      const profiles = new Set<string | undefined>()
      for (let session = 0; session < 12; session += 1) {
        const messages = [
          { role: 'system' as const, content: 'Be brief.' },
          { role: 'user' as const, content: `Question ${session}` },
        ]
        const found = new Set<string | undefined>()
        for (const more of [
          [],
          [
            { role: 'assistant' as const, content: 'Yes.' },
            { role: 'user' as const, content: 'Go on.' },
          ],
        ]) {
          const asked = world.openai().chat.completions.create({ model: 'openai/m', messages: [...messages, ...more] })
          found.add(profileIn((await asked.withResponse()).response))
        }
        expect(found.size).toBe(1)
        for (const profile of found) profiles.add(profile)
      }
      expect(profiles.size).toBe(strategy === 'priority' ? 1 : KEYS.length)
    }
  })
})

/** A message as a vendor answers: a signed thought, and who it is. */
function message(name: string): object {
  return {
    id: `msg_${name}`,
    type: 'message',
    role: 'assistant',
    model: 'm',
    content: [
      { type: 'thinking', thinking: 'Hm.', signature: `${name}-${SIGNATURE}` },
      { type: 'text', text: `Hello from ${name}` },
    ],
    stop_reason: 'end_turn',
    stop_sequence: null,
    container: { id: `container_${name}`, expires_at: '2026-01-01T00:00:00Z' },
    usage: { input_tokens: 1, output_tokens: 1 },
  }
}

/** The same as a stream. */
function streamOf(name: string): string {
  const { content, ...head } = message(name) as Anthropic.Message
  const [thought] = content as Anthropic.ThinkingBlock[]
  const { container } = head as { container?: object }
  const events = [
    { type: 'message_start', message: { ...head, content: [], container: null, stop_reason: null } },
    { type: 'content_block_start', index: 0, content_block: { type: 'thinking', thinking: '', signature: '' } },
    { type: 'content_block_delta', index: 0, delta: { type: 'thinking_delta', thinking: thought?.thinking } },
    { type: 'content_block_delta', index: 0, delta: { type: 'signature_delta', signature: thought?.signature } },
    { type: 'content_block_stop', index: 0 },
    { type: 'content_block_start', index: 1, content_block: { type: 'text', text: '' } },
    { type: 'content_block_delta', index: 1, delta: { type: 'text_delta', text: `Hello from ${name}` } },
    { type: 'content_block_stop', index: 1 },
    {
      type: 'message_delta',
      delta: { stop_reason: 'end_turn', stop_sequence: null, container },
      usage: { output_tokens: 1 },
    },
    { type: 'message_stop' },
  ]
  return events.map((event) => `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`).join('')
}

/** A vendor of Anthropic's dialect that answers with its name, and with 503 while it is down. */
async function startVendor(name: string) {
  const state = { isDown: false }
  const recorder = await startRecorder(({ body }) => {
    if (state.isDown) return { status: 503, body: '{"type":"error","error":{"type":"api_error","message":"down"}}' }
    return JSON.parse(body.toString()).stream === true
      ? { headers: { 'content-type': 'text/event-stream' }, body: streamOf(name) }
      : { headers: { 'content-type': 'application/json' }, body: JSON.stringify(message(name)) }
  })
  return { ...recorder, state }
}

describe('what a request refers to', () => {
  const USER = { role: 'user' as const, content: 'Hi' }
  /** As a client writes its history, with the white space that no serialiser of ours would leave. */
  const bodyWith = (model: string, history: string, more = ''): string =>
    `{ "model": "${model}", "max_tokens": 9${more},\n "messages": [ {"role":"user","content":"Hi"} , ${history} ] }`

  async function ask(world: GatewayWorld, body: string): Promise<Response> {
    return await fetch(`${world.gateway.url}/v1/messages`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body,
    })
  }

  it.each([false, true])(
    'signed thoughts are left out for another vendor, and for their own they stay (streamed: %s)',
    async (stream) => {
      await using first = await startVendor('first')
      await using second = await startVendor('second')
      await using world = await GatewayWorld.start({
        providers: {
          first: { dialect: 'anthropic', baseUrl: first.url },
          second: { dialect: 'anthropic', baseUrl: second.url },
        },
        manager: { fallbacks: ['second/m'], retry: { attempts: 1 } },
      })
      const flag = stream ? ', "stream": true' : ''
      // The second vendor answers, while the first is down: its signature is known from then on.
      first.state.isDown = true
      const answered = await ask(world, bodyWith('first/m', '{"role":"user","content":"?"}', flag))
      expect(profileIn(answered)).toBe('second:1')
      await answered.text()
      first.state.isDown = false
      world.manager.resetAll()

      const thought = JSON.stringify({ type: 'thinking', thinking: 'Hm.', signature: `second-${SIGNATURE}` })
      const history = (blocks: string): string =>
        `{"role":"assistant", "content": [${blocks}{ "type":"text","text":"Hello" }]}, {"role":"user","content":"More"}`
      const sent = async (model: string): Promise<string | undefined> => {
        const before = [first.requests.length, second.requests.length]
        const response = await ask(world, bodyWith(model, history(`${thought}, `), flag))
        expect(response.status).toBe(200)
        await response.text()
        return [...first.requests.slice(before[0]), ...second.requests.slice(before[1])].at(-1)?.body.toString()
      }
      expect(await sent('first/m')).toBe(bodyWith('m', history(''), flag))
      expect(await sent('second/m')).toBe(bodyWith('m', history(`${thought}, `), flag))
    },
  )

  it.each([false, true])(
    'a container leads to the key that made it, wherever the others stand (streamed: %s)',
    async (stream) => {
      await using vendor = await startVendor('only')
      await using world = await GatewayWorld.start({
        providers: { only: { dialect: 'anthropic', baseUrl: vendor.url, keys: KEYS } },
      })
      const flag = stream ? ', "stream": true' : ''
      const next = '{"role":"user","content":"More"}'
      const made = await ask(world, bodyWith('only/m@only:2', next, flag))
      expect(profileIn(made)).toBe('only:2')
      await made.text()
      for (let request = 0; request < 3; request += 1) {
        const again = await ask(world, bodyWith('only/m', next, `${flag}, "container": "container_only"`))
        await again.text()
        expect(profileIn(again)).toBe('only:2')
      }
      const other = await ask(world, bodyWith('only/m', next, flag))
      await other.text()
      expect(profileIn(other)).toBe('only:1')
    },
  )

  it('nothing of it is shown in events, status or errors', async () => {
    await using vendor = await startVendor('only')
    await using world = await GatewayWorld.start({
      providers: { only: { dialect: 'anthropic', baseUrl: vendor.url, keys: KEYS } },
    })
    const events: unknown[] = []
    for (const name of [
      'request_started',
      'target_skipped',
      'attempt_started',
      'request_succeeded',
      'request_failed',
    ] as const) {
      world.manager.on(name, (event) => events.push(event))
    }
    const secrets = ['session-name-4711', 'container-name-4711', 'signature-name-4711']
    const thought = `{"role":"assistant","content":[{"type":"thinking","thinking":"Hm","signature":"${secrets[2]}"}]}`
    for (const isDown of [false, true]) {
      vendor.state.isDown = isDown
      const more = `, "container": "${secrets[1]}", "metadata": {"user_id": "${secrets[0]}"}`
      const response = await ask(world, bodyWith('only/m', `${thought}, ${JSON.stringify(USER)}`, more))
      events.push(await response.text(), [...response.headers])
    }
    const shown = JSON.stringify([events, world.manager.status()])
    expect(events.length).toBeGreaterThan(4)
    for (const secret of secrets) expect(shown).not.toContain(secret)
  })
})
