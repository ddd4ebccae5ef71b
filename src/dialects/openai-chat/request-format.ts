import { BindingList, idOf, present, signatureOf } from '../binding-list.ts'
import { asObject, type JsonObject, objectsIn } from '../json.ts'
import type { RequestBody } from '../request-body.ts'
import type { Binding, JsonPath, RequestFormat, SessionGuess } from '../request-format.ts'
import { beginningOf, begunSession, chatRole, namedSession } from '../session.ts'
import { countAmong } from '../token-estimate.ts'
import { choicesOf } from './events.ts'

/** What chat completions requests tell, OpenAI's own and those of everybody who imitates them. */
export const chatRequests: RequestFormat = {
  members: ['prompt_cache_key', 'session_id', 'messages', 'max_completion_tokens', 'max_tokens'],
  marks: ['file_id', 'audio', 'thought_signature', 'reasoning_details'],
  sessionOf,
  bindingsOf,
  removalsOf,
  maxOutputTokensOf: (body) => countAmong(body, ['max_completion_tokens', 'max_tokens']),
  keepsAnswer: () => false,
  answerIdOf: () => undefined,
  bindingIdsOf,
}

/**
 * `prompt_cache_key`: https://developers.openai.com/api/docs/guides/prompt-caching; `session_id` is OpenRouter's:
 * https://openrouter.ai/docs/guides/features/broadcast/overview
 */
function sessionOf(body: RequestBody): SessionGuess | undefined {
  const named = namedSession(body.member('prompt_cache_key')) ?? namedSession(body.member('session_id'))
  if (named !== undefined) return named
  const beginning = beginningOf(body.items('messages'), '', chatRole)
  return beginning && begunSession(beginning)
}

/**
 * - `file_id`: uploaded files belong to a project: https://developers.openai.com/api/reference/resources/files
 * - `audio`: an earlier spoken answer, kept on the server: https://developers.openai.com/api/docs/guides/audio. Without
 *   it nothing is left of that message
 * - `thought_signature`: Gemini's, which no other vendor reads and which it wants back as it was:
 *   https://ai.google.dev/gemini-api/docs/thought-signatures
 * - `reasoning_details`: signed or encrypted thoughts that OpenRouter hands back to whoever wrote them:
 *   https://openrouter.ai/docs/guides/best-practices/reasoning-tokens
 */
function bindingsOf(body: RequestBody): readonly Binding[] {
  const bindings = new BindingList()
  for (const [, item] of body.markedItems('messages')) {
    const message = asObject(item)
    if (message === undefined) continue
    bindings.add('audio', idOf(asObject(message.audio)?.id), 'quota_group')
    for (const part of objectsIn(message.content)) {
      // Mistral's parts carry the id themselves: https://docs.mistral.ai/capabilities/document_ai
      bindings.add('file_id', idOf(asObject(part.file)?.file_id) ?? idOf(part.file_id), 'quota_group')
    }
    for (const signature of signaturesIn(message)) bindings.add('thought_signature', signature, 'vendor', true)
    for (const id of reasoningIdsIn(message)) bindings.add('reasoning_details', id, 'vendor', true)
  }
  return bindings.all
}

function removalsOf(body: RequestBody, kinds: readonly string[]): readonly JsonPath[] {
  const paths: JsonPath[] = []
  for (const [index, item] of body.markedItems('messages')) {
    const message = asObject(item)
    if (message === undefined) continue
    if (kinds.includes('reasoning_details') && 'reasoning_details' in message) {
      paths.push(['messages', index, 'reasoning_details'])
    }
    if (!kinds.includes('thought_signature')) continue
    // Who does not know the signature does not know the field around it, either.
    if (signatureIn(message) !== undefined) paths.push(['messages', index, 'extra_content'])
    if (!Array.isArray(message.tool_calls)) continue
    for (const [place, call] of message.tool_calls.entries()) {
      if (signatureIn(call) !== undefined) paths.push(['messages', index, 'tool_calls', place, 'extra_content'])
    }
  }
  return paths
}

function bindingIdsOf(event: unknown): readonly string[] {
  const [choice] = choicesOf(event)
  const piece = asObject(choice?.delta) ?? asObject(choice?.message)
  if (piece === undefined) return []
  return [...present(idOf(asObject(piece.audio)?.id)), ...signaturesIn(piece), ...reasoningIdsIn(piece)]
}

/** Of the calls of a message, and of the message itself. */
function signaturesIn(message: JsonObject): readonly string[] {
  return present(signatureIn(message), ...objectsIn(message.tool_calls).map(signatureIn))
}

/** https://ai.google.dev/gemini-api/docs/thought-signatures (OpenAI compatibility) */
function signatureIn(holder: unknown): string | undefined {
  return signatureOf(asObject(asObject(asObject(holder)?.extra_content)?.google)?.thought_signature)
}

/** Thoughts in plain words are bound to nobody. */
function reasoningIdsIn(message: JsonObject): readonly string[] {
  return present(
    ...objectsIn(message.reasoning_details).map(({ signature, data }) => signatureOf(signature) ?? signatureOf(data)),
  )
}
