import type { AnswerFormat } from '../dialect.ts'
import { errorOf, isContent, recognises } from './events.ts'
import { OllamaProgress } from './progress.ts'

/** Ollama's own API, as answers: lines of JSON. */
export const ollamaAnswers: AnswerFormat = {
  streamsLines: true,
  recognises,
  isContent,
  errorOf,
  startProgress: () => new OllamaProgress(),
}
