import { FailoverManager } from '../src/index.ts'
import { compare, table } from './measure.ts'

interface Request {
  readonly model: string
}

/** What a successful call costs beside calling the function itself. */
export async function benchCall(): Promise<void> {
  const answer = async (): Promise<string> => 'ok'
  const profiles = Array.from({ length: 10 }, (_, index) => ({
    id: `openai:${index}`,
    apiKey: `sk-bench-${index}-00000000`,
  }))
  const registry = { openai: { name: 'openai', stream: async () => once(await answer()) } }
  const manager = new FailoverManager<Request, string>({ profiles, registry })
  const heard = new FailoverManager<Request, string>({ profiles, registry })
  heard.on('*', () => {})
  const { signal } = new AbortController()
  const rows = await compare(
    [
      { name: 'the function itself', run: answer },
      { name: 'run()', run: () => manager.run('openai/gpt-5', answer) },
      {
        name: 'run() with deadline and signal',
        run: () => manager.run('openai/gpt-5', answer, { deadlineMs: 30_000, signal }),
      },
      { name: 'run() with an event listener', run: () => heard.run('openai/gpt-5', answer) },
      { name: 'reading the stream itself', run: async () => read(once(await answer())) },
      { name: 'call() and reading its stream', run: async () => read(await manager.call({ model: 'openai/gpt-5' })) },
    ],
    { rounds: 15, runs: 5_000 },
  )
  process.stdout.write(table('A successful call, 10 profiles', rows))
}

async function* once(event: string): AsyncGenerator<string> {
  yield event
}

async function read(stream: AsyncIterable<string>): Promise<void> {
  for await (const _ of stream);
}
