import { MissingClients } from './clients.ts'
import { Screen, type Tally } from './screen.ts'
import { Stage } from './stage.ts'
import { playStory } from './story.ts'

export interface DemoOptions {
  readonly output: { readonly isTTY?: boolean; write(text: string): unknown }
  readonly wantsColor: boolean
  /** Called behind the story: leave the gateway running until it resolves. Default: end with the story. */
  readonly keepUntil?: (() => Promise<void>) | undefined
  /** Default: the story. */
  readonly play?: (stage: Stage, screen: Screen) => Promise<Tally>
}

/** Plays the story. @returns whether every request got its right answer */
export async function runDemo({ output, wantsColor, keepUntil, play = playStory }: DemoOptions): Promise<boolean> {
  const isColored = wantsColor && output.isTTY === true && process.env.NO_COLOR === undefined
  const screen = new Screen((line) => output.write(`${line}\n`), isColored)
  await using stage = await Stage.open()
  const tally = await play(stage, screen).catch((error: unknown) => {
    if (!(error instanceof MissingClients)) throw error
    screen.say(error.message)
    return undefined
  })
  if (tally === undefined) return false
  const { asked, answered, right } = tally
  if (keepUntil !== undefined) {
    for (const line of invitation(stage.gateway.url)) screen.say(line)
    await keepUntil()
  }
  return asked > 0 && right === asked && answered === asked
}

/** Lines to paste into another terminal. */
function invitation(url: string): string[] {
  const json = "-H 'content-type: application/json' -d"
  const ask = (model: string, more: string): string =>
    `'{"model":"${model}",${more}"messages":[{"role":"user","content":"What is 6 times 7?"}]}'`
  return [
    `The gateway goes on at ${url} until you press Ctrl-C. Ask it yourself:`,
    '',
    `  curl -i ${url}/v1/chat/completions ${json} ${ask('smart', '')}`,
    `  curl -N ${url}/v1/chat/completions ${json} ${ask('smart', '"stream":true,')}`,
    `  curl -i ${url}/v1/messages ${json} ${ask('careful', '"max_tokens":200,')}`,
    `  curl ${url}/v1/models`,
    `  curl ${url}/readyz`,
    '',
  ]
}
