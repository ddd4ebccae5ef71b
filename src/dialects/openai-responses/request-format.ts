import { BindingList, idOf, present, signatureOf } from '../binding-list.ts'
import { asObject, type JsonObject, objectsIn } from '../json.ts'
import type { RequestBody } from '../request-body.ts'
import type { Binding, JsonPath, RequestFormat, SessionGuess } from '../request-format.ts'
import { beginningOf, begunSession, chatRole, namedSession } from '../session.ts'
import { countAmong } from '../token-estimate.ts'

/** What requests for OpenAI's responses tell. */
export const responseRequests: RequestFormat = {
  members: [
    'prompt_cache_key',
    'session_id',
    'instructions',
    'input',
    'tools',
    'max_output_tokens',
    'store',
    'previous_response_id',
    'conversation',
    'prompt',
  ],
  marks: [
    'reasoning',
    'encrypted_content',
    'item_reference',
    'file_id',
    'file_ids',
    'vector_store_ids',
    'container',
    'container_id',
  ],
  sessionOf,
  bindingsOf,
  removalsOf,
  maxOutputTokensOf: (body) => countAmong(body, ['max_output_tokens']),
  // https://developers.openai.com/api/docs/guides/conversation-state: stored unless it is not wanted.
  keepsAnswer: (body) => body.member('store') !== false,
  answerIdOf: (event) => idOf(responseOf(event)?.id),
  bindingIdsOf,
}

/** `prompt_cache_key`: https://developers.openai.com/api/docs/guides/prompt-caching */
function sessionOf(body: RequestBody): SessionGuess | undefined {
  const named = namedSession(body.member('prompt_cache_key')) ?? namedSession(body.member('session_id'))
  if (named !== undefined) return named
  const instructions = body.member('instructions')
  const system = typeof instructions === 'string' ? instructions : ''
  const beginning = beginningOf(body.items('input'), system, chatRole)
  if (beginning !== undefined) return begunSession(beginning)
  const input = body.member('input')
  return typeof input === 'string' ? begunSession({ system, firstUserMessage: input }) : undefined
}

/**
 * Responses, conversations, prompts, files, vector stores and containers are kept in a project, and reached with its
 * keys alone: https://developers.openai.com/api/docs/guides/conversation-state,
 * https://developers.openai.com/api/docs/guides/your-data. Encrypted reasoning is read back by the organisation it was
 * written for; it helps the next answer and may be missing: https://developers.openai.com/api/docs/guides/reasoning.
 * A compaction is the conversation, and may not: https://developers.openai.com/api/docs/guides/compaction
 */
function bindingsOf(body: RequestBody): readonly Binding[] {
  const bindings = new BindingList()
  const add = (kind: string, value: unknown): void => bindings.add(kind, idOf(value), 'quota_group')
  const conversation = body.member('conversation')
  add('previous_response_id', body.member('previous_response_id'))
  add('conversation', typeof conversation === 'string' ? conversation : asObject(conversation)?.id)
  add('prompt', asObject(body.member('prompt'))?.id)
  for (const [, value] of body.markedItems('tools')) {
    const tool = asObject(value)
    const container = asObject(tool?.container)
    for (const id of textsIn(tool?.vector_store_ids)) add('vector_store_id', id)
    for (const id of textsIn(container?.file_ids)) add('file_id', id)
    add('container', tool?.container)
    add('container', asObject(tool?.environment)?.container_id)
    add('file_id', asObject(tool?.input_image_mask)?.file_id)
  }
  for (const [, value] of body.markedItems('input')) {
    const item = asObject(value)
    switch (item?.type) {
      case undefined:
      case 'message':
        for (const part of objectsIn(item?.content)) add('file_id', part.file_id)
        break
      case 'reasoning':
        bindings.add('reasoning', reasoningIdOf(item), 'quota_group', true)
        break
      case 'compaction':
        bindings.add('compaction', signatureOf(item.encrypted_content), 'quota_group')
        break
      case 'item_reference':
        add('item_reference', item.id)
        break
      default:
        for (const part of objectsIn(Array.isArray(item?.output) ? item.output : [item?.output])) {
          add('file_id', part.file_id)
        }
        add('container', item?.container_id)
    }
  }
  return bindings.all
}

function removalsOf(body: RequestBody, kinds: readonly string[]): readonly JsonPath[] {
  if (!kinds.includes('reasoning')) return []
  return [...body.markedItems('input')]
    .filter(([, item]) => asObject(item)?.type === 'reasoning')
    .map(([index]) => ['input', index])
}

function bindingIdsOf(event: unknown): readonly string[] {
  const body = asObject(event)
  if (body?.type === 'response.output_item.done') return idsInItem(asObject(body.item) ?? {})
  const response = responseOf(event)
  return [...present(idOf(asObject(response?.conversation)?.id)), ...objectsIn(response?.output).flatMap(idsInItem)]
}

/** What an event carries, or a whole answer is. */
function responseOf(event: unknown): JsonObject | undefined {
  const body = asObject(event)
  return body?.object === 'response' ? body : asObject(body?.response)
}

function idsInItem(item: JsonObject): readonly string[] {
  switch (item.type) {
    case 'reasoning':
      return present(reasoningIdOf(item))
    case 'compaction':
      return present(signatureOf(item.encrypted_content))
    default:
      return present(idOf(item.container_id))
  }
}

/** Without its encrypted content it is a reference to what the project keeps. */
function reasoningIdOf({ encrypted_content, id }: JsonObject): string | undefined {
  return signatureOf(encrypted_content) ?? idOf(id)
}

function textsIn(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter((item) => typeof item === 'string') : []
}
