import type { AnswerFormat } from '../dialect.ts'
import { errorOf, isContent, recognises } from './events.ts'
import { ResponseProgress } from './progress.ts'

/** OpenAI's responses, as answers. */
export const openaiResponsesAnswers: AnswerFormat = {
  recognises,
  isContent,
  errorOf,
  startProgress: () => new ResponseProgress(),
}

export { responseRequests } from './request-format.ts'
