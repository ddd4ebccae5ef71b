import Anthropic from '@anthropic-ai/sdk'
import OpenAI from 'openai'
import type { FailoverManager } from '../../src/index.ts'
import { startAssembly } from './assembly.ts'
import { type Outcome, parsed, type Summary } from './outcome.ts'
import { settingOf } from './settings.ts'
import type { Trial } from './trial.ts'

/** Whom a batch of trials is asked through. */
export interface Callers {
  readonly manager: FailoverManager
  readonly openai: OpenAI
  readonly anthropic: Anthropic
  /** Told of every event that a caller gets. */
  readonly onEvent: () => void
}

export function openCallers(manager: FailoverManager, url: string, onEvent: () => void): Callers {
  const common = { apiKey: 'sk-client', maxRetries: 0 }
  return {
    manager,
    openai: new OpenAI({ ...common, baseURL: `${url}/v1` }),
    anthropic: new Anthropic({ ...common, baseURL: url }),
    onEvent,
  }
}

type Body = Readonly<Record<string, unknown>> & { readonly model: string }

/** The request of a trial. */
export function requestOf({ recording: { dialect, asks }, setting }: Trial, model: string): Body {
  return {
    model,
    messages: [{ role: 'user', content: 'Tell me – and be exact: “é”.' }],
    ...(dialect === 'openai' ? { stream_options: { include_usage: true } } : { max_tokens: 2_000 }),
    ...asks,
    ...settingOf(setting).asks?.[dialect],
    stream: true,
  }
}

/** Asks, and puts together what comes. */
export async function ask(trial: Trial, body: Body, callers: Callers): Promise<Outcome> {
  const assembly = startAssembly(trial.recording.dialect)
  const take = (event: object): void => {
    callers.onEvent()
    assembly.take(event)
  }
  try {
    const summary = await BY_DOOR[trial.door](trial, body, callers, take)
    return { kind: 'answered', assembly, summary }
  } catch (error) {
    return { kind: 'raised', assembly, error }
  }
}

type Way = (trial: Trial, body: Body, callers: Callers, take: (event: object) => void) => Promise<Summary | undefined>

const BY_DOOR: Readonly<Record<Trial['door'], Way>> = {
  helper: (trial, ...rest) => (trial.recording.dialect === 'openai' ? byChatHelper : byMessageHelper)(trial, ...rest),
  async loop({ recording: { dialect } }, body, { openai, anthropic }, take) {
    // The bodies are made for both SDKs, whose types know no common one.
    const stream = await (dialect === 'openai'
      ? openai.chat.completions.create(body as never)
      : anthropic.messages.create(body as never))
    for await (const event of stream as unknown as AsyncIterable<object>) take(event)
    return undefined
  },
  async library(_trial, body, { manager }, take) {
    const stream = await manager.call(body)
    for await (const event of stream) take(event as object)
    await stream.completed
    return undefined
  },
}

const byChatHelper: Way = async (_trial, body, { openai }, take) => {
  const stream = openai.chat.completions.stream(body as never)
  stream.on('chunk', take)
  const { choices } = await stream.finalChatCompletion()
  const [{ message, finish_reason: finish } = { message: undefined, finish_reason: undefined }] = choices
  return {
    text: message?.content ?? '',
    calls: (message?.tool_calls ?? []).flatMap((call) =>
      call.type === 'function'
        ? [{ id: call.id, name: call.function.name, json: parsed(call.function.arguments) }]
        : [],
    ),
    finish,
  }
}

const byMessageHelper: Way = async (_trial, body, { anthropic }, take) => {
  const stream = anthropic.messages.stream(body as never)
  stream.on('streamEvent', take)
  const { content, stop_reason: finish } = await stream.finalMessage()
  return {
    text: content.map((block) => (block.type === 'text' ? block.text : '')).join(''),
    calls: content.flatMap((block) =>
      block.type === 'tool_use' ? [{ id: block.id, name: block.name, json: block.input }] : [],
    ),
    finish: finish ?? undefined,
  }
}
