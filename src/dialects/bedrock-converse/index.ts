import type { AnswerFormat } from '../dialect.ts'
import { errorOf, isContent, recognises } from './events.ts'
import { ConverseProgress } from './progress.ts'

/** Bedrock's `Converse` and `ConverseStream`, as answers; frames as JSON. */
export const bedrockAnswers: AnswerFormat = {
  streamsLines: true,
  recognises,
  isContent,
  errorOf,
  startProgress: () => new ConverseProgress(),
}
