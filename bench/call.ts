import { FailoverManager } from '../src/index.ts'
import { compare, table, type Variant } from './measure.ts'
import { functionPeers, InstantModel, modelPeers } from './peers.ts'

interface Request {
  readonly model: string
}

const MODEL = 'openai/gpt-5'
const DEADLINE_MS = 30_000

/**
 * What a successful call costs beside calling the function itself, here and in others. Everything calls the same
 * function, is awaited once, and is measured in the same rounds.
 */
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
  const model = new InstantModel()
  const prompt = { prompt: [], abortSignal: signal }
  const variants: readonly [Variant, ...Variant[]] = [
    { name: 'the function itself', run: answer },
    { name: 'run()', run: () => manager.run(MODEL, answer) },
    {
      name: 'run() with deadline and signal',
      run: () => manager.run(MODEL, answer, { deadlineMs: DEADLINE_MS, signal }),
    },
    { name: 'run() with an event listener', run: () => heard.run(MODEL, answer) },
    ...functionPeers(answer, DEADLINE_MS, signal),
    { name: 'a model itself', run: () => model.doGenerate(prompt) },
    {
      name: 'run() of that model with deadline and signal',
      beside: 'a model itself',
      run: () => manager.run(MODEL, () => model.doGenerate(prompt), { deadlineMs: DEADLINE_MS, signal }),
    },
    ...modelPeers(model, prompt, 'a model itself'),
    { name: 'reading a stream itself', run: async () => read(once(await answer())) },
    {
      name: 'call() and reading its stream',
      beside: 'reading a stream itself',
      run: async () => read(await manager.call({ model: MODEL })),
    },
    {
      name: 'the same with deadline and signal',
      beside: 'reading a stream itself',
      run: async () => read(await manager.call({ model: MODEL }, { deadlineMs: DEADLINE_MS, signal })),
    },
  ]
  const rows = await compare(variants, { rounds: 25, runs: 4_000 })
  process.stdout.write(table('A successful call, 10 profiles', rows))
}

async function* once(event: string): AsyncGenerator<string> {
  yield event
}

async function read(stream: AsyncIterable<string>): Promise<void> {
  for await (const _ of stream);
}
