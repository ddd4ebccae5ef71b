import { Screen } from './screen.ts'
import { playStory } from './story.ts'

export interface DemoOptions {
  readonly output: { readonly isTTY?: boolean; write(text: string): unknown }
  readonly wantsColor: boolean
}

/** Plays the story. @returns whether every request got its right answer */
export async function runDemo({ output, wantsColor }: DemoOptions): Promise<boolean> {
  const isColored = wantsColor && output.isTTY === true && process.env.NO_COLOR === undefined
  const screen = new Screen((line) => output.write(`${line}\n`), isColored)
  const { asked, answered, right } = await playStory(screen)
  return asked > 0 && right === asked && answered === asked
}
