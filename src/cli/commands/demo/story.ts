import { httpProviders, textOf } from '../../../http/index.ts'
import { FailoverManager, systemClock } from '../../../index.ts'
import { type FaultProvider, faults, startFaultProvider } from '../../../testing/index.ts'
import type { Screen, Tally } from './screen.ts'

/** What both dialects understand alike. */
interface ChatRequest {
  readonly model: string
  readonly stream: boolean
  readonly max_tokens: number
  readonly messages: readonly { readonly role: 'user'; readonly content: string }[]
}

const KEYS = {
  primary: 'sk-demo-primary-1111',
  backup: 'sk-demo-backup-2222',
  spare: 'sk-ant-demo-3333',
  renewed: 'sk-demo-renewed-4444',
}
/** How long a healthy provider takes to its first word, milliseconds: long enough to be caught by an outage. */
const FIRST_TOKEN_MS = 120

/** Starts the providers, plays every act on them, and shows what came of it. */
export async function playStory(screen: Screen): Promise<Tally> {
  const answer = ({ body }: { readonly body: unknown }) => ({ text: answerTo(questionIn(body)) })
  await using openai = await startFaultProvider({
    answer,
    firstTokenDelayMs: FIRST_TOKEN_MS,
    requireKey: [KEYS.primary, KEYS.backup, KEYS.renewed],
  })
  await using anthropic = await startFaultProvider({
    answer,
    firstTokenDelayMs: FIRST_TOKEN_MS,
    requireKey: [KEYS.spare],
  })
  await using registry = httpProviders<ChatRequest, unknown>({
    providers: {
      openai: { dialect: 'openai', baseUrl: openai.url },
      anthropic: { dialect: 'anthropic', baseUrl: anthropic.url },
    },
  })
  const manager = new FailoverManager<ChatRequest, unknown>({
    registry,
    profiles: [
      { id: 'openai:primary', apiKey: KEYS.primary },
      { id: 'openai:backup', apiKey: KEYS.backup, priority: 1 },
      { id: 'anthropic:spare', apiKey: KEYS.spare },
    ],
    routes: { chat: { primary: 'openai/gpt-5', fallbacks: ['anthropic/claude-sonnet-4-5'] } },
    // Shorter than the default, so that the story does not take a minute.
    cooldown: { breaker: { minMs: 500, maxMs: 2_000 } },
  })
  screen.say('Two providers on this machine, one after OpenAI and one after Anthropic,', 'dim')
  screen.say('misbehave on command. Real HTTP requests go to them through the library;', 'dim')
  screen.say('no key and no network is used.', 'dim')
  screen.follow(manager)
  const traffic = new Traffic(manager)
  await allIsWell(screen, traffic)
  await rateLimit(screen, traffic, openai)
  await revokedKey(screen, traffic, openai, manager)
  await outage(screen, traffic, openai)
  const tally = await traffic.settled()
  screen.summary(tally, manager.status())
  return tally
}

async function allIsWell(screen: Screen, traffic: Traffic): Promise<void> {
  screen.act('All is well: the first key answers')
  await traffic.ask(2)
}

async function rateLimit(screen: Screen, traffic: Traffic, openai: FaultProvider): Promise<void> {
  screen.act('Key 1 is rate limited (Retry-After: 2); key 2 takes over')
  openai.set({ key: KEYS.primary, times: 1, fault: faults.rateLimited({ retryAfterSeconds: 2 }) })
  await traffic.ask(3)
  await systemClock.sleep(1_800)
  await traffic.ask(1)
}

async function revokedKey(
  screen: Screen,
  traffic: Traffic,
  openai: FaultProvider,
  manager: FailoverManager<ChatRequest, unknown>,
): Promise<void> {
  screen.act('Key 1 is revoked: tried once, left alone until it is replaced')
  openai.set({ key: KEYS.primary, fault: faults.revokedKey() })
  await traffic.ask(3)
  screen.say('           (the operator sets a new key: manager.updateProfile)', 'dim')
  manager.updateProfile('openai:primary', { apiKey: KEYS.renewed })
  await traffic.ask(1)
}

async function outage(screen: Screen, traffic: Traffic, openai: FaultProvider): Promise<void> {
  screen.act('OpenAI goes down amid traffic, and comes back')
  const running = traffic.flow(20, 250)
  await systemClock.sleep(800 + FIRST_TOKEN_MS / 2)
  screen.say('           (the port is closed now: running requests break, new ones are refused)', 'dim')
  await openai.goDown()
  await systemClock.sleep(1_600)
  screen.say('           (the port is open again)', 'dim')
  await openai.comeUp()
  await running
}

/** Asks questions, each its own, streaming and not in turn, and checks every answer. */
class Traffic {
  readonly #manager: FailoverManager<ChatRequest, unknown>
  readonly #answers: Promise<'right' | 'wrong' | 'failed'>[] = []

  constructor(manager: FailoverManager<ChatRequest, unknown>) {
    this.#manager = manager
  }

  /** One after the other. */
  async ask(count: number): Promise<void> {
    for (let index = 0; index < count; index += 1) await this.#begin()
  }

  /** One every `everyMs`, whether or not those before have been answered. */
  async flow(count: number, everyMs: number): Promise<void> {
    for (let index = 0; index < count; index += 1) {
      this.#begin()
      await systemClock.sleep(everyMs)
    }
  }

  async settled(): Promise<Tally> {
    const answers = await Promise.all(this.#answers)
    return {
      asked: answers.length,
      answered: answers.filter((answer) => answer !== 'failed').length,
      right: answers.filter((answer) => answer === 'right').length,
    }
  }

  #begin(): Promise<'right' | 'wrong' | 'failed'> {
    const number = this.#answers.length + 1
    const answer = this.#answerTo(`What is ${number} times ${number}?`, number % 2 === 1)
    this.#answers.push(answer)
    return answer
  }

  async #answerTo(question: string, stream: boolean): Promise<'right' | 'wrong' | 'failed'> {
    try {
      const answer = await this.#manager.call({
        model: 'chat',
        stream,
        max_tokens: 200,
        messages: [{ role: 'user', content: question }],
      })
      let text = ''
      for await (const event of answer) text += textOf(event)
      return text === answerTo(question) ? 'right' : 'wrong'
    } catch {
      return 'failed'
    }
  }
}

function answerTo(question: string): string {
  const [first = 0, second = 0] = (question.match(/\d+/g) ?? []).map(Number)
  return `You asked: ${question} It is ${first * second}.`
}

function questionIn(body: unknown): string {
  return (body as ChatRequest).messages.at(-1)?.content ?? ''
}
