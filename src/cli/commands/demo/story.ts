import { type FailoverManager, systemClock } from '../../../index.ts'
import { type FaultProvider, faults } from '../../../testing/index.ts'
import { type Client, officialClients } from './clients.ts'
import { question, rightAnswer } from './questions.ts'
import type { Screen, Tally } from './screen.ts'
import { FIRST_TOKEN_MS, KEYS, type Stage } from './stage.ts'

/** Plays every act through the gateway, and shows what came of it. */
export async function playStory({ gateway, manager, openai }: Stage, screen: Screen): Promise<Tally> {
  const [chat, messages] = await officialClients(gateway.url)
  screen.say('Three providers on this machine, after OpenAI, OpenRouter and Anthropic, misbehave on', 'dim')
  screen.say(`command. hotspare, started from examples/hotspare.yaml at ${gateway.url},`, 'dim')
  screen.say('stands in front of them; the official SDKs ask it over HTTP, with retries of their own', 'dim')
  screen.say('switched off. No key and no network is used.', 'dim')
  screen.follow(manager)
  const traffic = new Traffic()
  await allIsWell(screen, traffic, chat, messages)
  await rateLimit(screen, traffic, chat, openai)
  await revokedKey(screen, traffic, chat, openai, manager)
  await outage(screen, traffic, chat, openai)
  const tally = await traffic.settled()
  screen.summary(tally, manager.status())
  return tally
}

async function allIsWell(screen: Screen, traffic: Traffic, chat: Client, messages: Client): Promise<void> {
  screen.act(`All is well: ${chat.name} and ${messages.name} ask, streaming and not`)
  await traffic.ask(chat, 2)
  await traffic.ask(messages, 2)
}

async function rateLimit(screen: Screen, traffic: Traffic, chat: Client, openai: FaultProvider): Promise<void> {
  screen.act('Key 1 is rate limited (Retry-After: 2); key 2 takes over')
  openai.set({ key: KEYS.primary, times: 1, fault: faults.rateLimited({ retryAfterSeconds: 2 }) })
  await traffic.ask(chat, 3)
  await systemClock.sleep(1_800)
  await traffic.ask(chat, 1)
}

async function revokedKey(
  screen: Screen,
  traffic: Traffic,
  chat: Client,
  openai: FaultProvider,
  manager: FailoverManager,
): Promise<void> {
  screen.act('Key 1 is revoked: tried once, left alone until it is replaced')
  openai.set({ key: KEYS.primary, fault: faults.revokedKey() })
  await traffic.ask(chat, 3)
  screen.say('           (the operator sets a new key)', 'dim')
  manager.updateProfile('openai:primary', { apiKey: KEYS.renewed })
  await traffic.ask(chat, 1)
}

async function outage(screen: Screen, traffic: Traffic, chat: Client, openai: FaultProvider): Promise<void> {
  screen.act('OpenAI goes down amid traffic, and comes back')
  const running = traffic.flow(chat, 24, 250)
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
  readonly #answers: Promise<'right' | 'wrong' | 'failed'>[] = []

  /** One after the other. */
  async ask(client: Client, count: number): Promise<void> {
    for (let index = 0; index < count; index += 1) await this.#begin(client)
  }

  /** One every `everyMs`, whether or not those before have been answered. */
  async flow(client: Client, count: number, everyMs: number): Promise<void> {
    for (let index = 0; index < count; index += 1) {
      this.#begin(client)
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

  #begin(client: Client): Promise<'right' | 'wrong' | 'failed'> {
    const number = this.#answers.length + 1
    const text = question(number)
    const answer = client.ask(text, number % 2 === 1).then(
      (said) => (said === rightAnswer(text) ? ('right' as const) : ('wrong' as const)),
      () => 'failed' as const,
    )
    this.#answers.push(answer)
    return answer
  }
}
