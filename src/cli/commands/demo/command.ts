import { Screen, type Tally } from './screen.ts'
import { playStory } from './story.ts'

export interface DemoOptions {
  readonly output: { readonly isTTY?: boolean; write(text: string): unknown }
  readonly wantsColor: boolean
  /** Default: the story. */
  readonly play?: (screen: Screen) => Promise<Tally>
}

/** Plays the story. @returns whether every request got its right answer */
export async function runDemo({ output, wantsColor, play = playStory }: DemoOptions): Promise<boolean> {
  const isColored = wantsColor && output.isTTY === true && process.env.NO_COLOR === undefined
  const screen = new Screen((line) => output.write(`${line}\n`), isColored)
  const { asked, answered, right } = await play(screen)
  return asked > 0 && right === asked && answered === asked
}
