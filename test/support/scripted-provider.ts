import type { AttemptContext, ModelRequest, Provider } from '../../src/index.ts'

/** What one attempt does: answers with these events, or throws this. */
export type Script = (
  context: AttemptContext,
  request: TextRequest,
) => readonly string[] | Promise<readonly string[]> | AsyncIterable<string>

export interface TextRequest extends ModelRequest {
  readonly prompt?: string
}

export interface ScriptedProvider extends Provider<TextRequest, string> {
  /** The attempts it has seen: `profile model`. */
  readonly seen: string[]
  readonly keys: (string | undefined)[]
}

/** A provider in this process that does as it is told, for tests of the engine alone. */
export function scriptedProvider(name: string, script: Script): ScriptedProvider {
  const seen: string[] = []
  const keys: (string | undefined)[] = []
  return {
    name,
    seen,
    keys,
    async stream(request, context) {
      seen.push(`${context.profile.id} ${request.model}`)
      keys.push(context.apiKey)
      const events = await script(context, request)
      return Symbol.asyncIterator in events ? events : each(events)
    },
  }
}

async function* each(events: readonly string[]): AsyncGenerator<string> {
  yield* events
}

/** A provider's error answer, as any client library throws it. */
export function answer(status: number, message = `HTTP ${status}`, headers: Record<string, string> = {}): Error {
  return Object.assign(new Error(message), { status, headers, body: { error: { message } } })
}

/** Never answers; ends with the signal. */
export function silence(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true })
  })
}

export async function collect<Event>(stream: AsyncIterable<Event>): Promise<Event[]> {
  const events: Event[] = []
  for await (const event of stream) events.push(event)
  return events
}
