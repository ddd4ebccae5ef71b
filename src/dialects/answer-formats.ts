import { anthropicMessages } from './anthropic/index.ts'
import { bedrockAnswers } from './bedrock-converse/index.ts'
import type { AnswerFormat } from './dialect.ts'
import { geminiAnswers } from './gemini/index.ts'
import { ollamaAnswers } from './ollama-chat/index.ts'
import { openaiChat } from './openai-chat/index.ts'
import { openaiResponsesAnswers } from './openai-responses/index.ts'

/** Every format an answer may come in. Their keys tell them apart, so their order matters little. */
const FORMATS: readonly AnswerFormat[] = [
  openaiChat,
  anthropicMessages,
  openaiResponsesAnswers,
  geminiAnswers,
  ollamaAnswers,
  bedrockAnswers,
]

/** The format of an answer, by one of its events or the whole of it; absent where it is none that is known. */
export function formatOf(event: unknown): AnswerFormat | undefined {
  return FORMATS.find((format) => format.recognises(event))
}
