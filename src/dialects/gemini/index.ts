import type { AnswerFormat } from '../dialect.ts'
import { errorOf, isContent, recognises } from './events.ts'
import { GenerationProgress } from './progress.ts'

/** Gemini's `generateContent` and `streamGenerateContent`, as answers. */
export const geminiAnswers: AnswerFormat = {
  recognises,
  isContent,
  errorOf,
  startProgress: () => new GenerationProgress(),
}

export { generateContentRequests } from './request-format.ts'
