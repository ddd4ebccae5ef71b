import { anthropicMessages } from './anthropic/index.ts'
import { bedrockAnswers } from './bedrock-converse/index.ts'
import type { AnswerFormat } from './dialect.ts'
import { geminiAnswers } from './gemini/index.ts'
import { asObject, type JsonObject, objectsIn } from './json.ts'
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

/** What an item of a list is known by: an embedding, a picture, a result of moderation, of ranking. */
const ITEM_KEYS = ['embedding', 'b64_json', 'url', 'flagged', 'relevance_score'] as const
const LISTS = ['data', 'results', 'embeddings', 'models'] as const

/**
 * Is it a whole answer to another request than one for a text: a list of models, embeddings, pictures, a count of
 * tokens? They have no end that could be missing. Asked only about bodies that are no answer of any format above.
 */
export function isOtherAnswer(body: unknown): boolean {
  const answer = asObject(body)
  if (answer === undefined) return false
  return isList(answer) || answer.object === 'model' || isTokenCount(answer) || isEmbedding(answer)
}

function isList(answer: JsonObject): boolean {
  if (answer.object === 'list') return Array.isArray(answer.data)
  return LISTS.some((key) => {
    const [first] = objectsIn(answer[key])
    return first !== undefined && (key === 'models' || ITEM_KEYS.some((itemKey) => itemKey in first))
  })
}

/** https://platform.claude.com/docs/en/api/messages-count-tokens and https://ai.google.dev/api/tokens */
function isTokenCount({ input_tokens: anthropic, totalTokens: gemini }: JsonObject): boolean {
  return typeof anthropic === 'number' || typeof gemini === 'number'
}

/** https://ai.google.dev/api/embeddings and https://docs.ollama.com/api/embed */
function isEmbedding({ embedding, embeddings }: JsonObject): boolean {
  const vectors = Array.isArray(embeddings) ? embeddings[0] : (asObject(embedding)?.values ?? embedding)
  return Array.isArray(asObject(vectors)?.values ?? vectors)
}
