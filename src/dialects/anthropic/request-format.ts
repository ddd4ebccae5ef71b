import { BindingList, idOf, present, signatureOf } from '../binding-list.ts'
import { asObject, type JsonObject, objectsIn } from '../json.ts'
import type { RequestBody } from '../request-body.ts'
import type { Binding, JsonPath, RequestFormat, SessionGuess } from '../request-format.ts'
import { beginningOf, begunSession, chatRole, namedSession, textOf } from '../session.ts'
import { countAmong } from '../token-estimate.ts'

const THOUGHTS: ReadonlySet<unknown> = new Set(['thinking', 'redacted_thinking'])

/** What requests for Anthropic messages tell. */
export const messageRequests: RequestFormat = {
  members: [
    'prompt_cache_key',
    'session_id',
    'metadata',
    'system',
    'messages',
    'max_tokens',
    'container',
    'thread',
    'fallback_credit_token',
  ],
  marks: [
    'signature',
    'thinking',
    'redacted_thinking',
    'file_id',
    'encrypted_content',
    'encrypted_stdout',
    'compaction',
  ],
  sessionOf,
  bindingsOf,
  removalsOf,
  maxOutputTokensOf: (body) => countAmong(body, ['max_tokens']),
  keepsAnswer: (body) => asObject(body.member('thread')) !== undefined,
  answerIdOf,
  bindingIdsOf,
}

/**
 * `metadata.user_id` is opaque: https://platform.claude.com/docs/en/api/messages/create. Claude Code names its session
 * in it, as `user_…_account_…_session_…` or as JSON; other clients a user. Either keeps a prompt cache together.
 */
function sessionOf(body: RequestBody): SessionGuess | undefined {
  const named =
    namedSession(body.member('prompt_cache_key')) ??
    namedSession(body.member('session_id')) ??
    namedSession(asObject(body.member('metadata'))?.user_id)
  if (named !== undefined) return named
  const beginning = beginningOf(body.items('messages'), textOf(body.member('system')), chatRole)
  return beginning && begunSession(beginning)
}

/**
 * - `container`, and skills of one's own in it, belong to a workspace:
 *   https://platform.claude.com/docs/en/agents-and-tools/tool-use/code-execution-tool
 * - `file_id`: files do, too: https://platform.claude.com/docs/en/build-with-claude/files
 * - `thread`: the conversation is kept where it was begun:
 *   https://platform.claude.com/docs/en/build-with-claude/message-threads
 * - `fallback_credit_token` is redeemed in the same workspace, or else refused; without it a prefix is paid in full
 * - `thinking`: signatures are read by the vendor's models on any of its platforms; other vendors refuse them or read
 *   nothing in them. Thoughts may be missing, all of them, since each is checked against what stands before it:
 *   https://platform.claude.com/docs/en/build-with-claude/thinking,
 *   https://docs.aws.amazon.com/bedrock/latest/userguide/claude-messages-thinking-block-binding.html
 * - `encrypted_content`: results of the vendor's own tools, which nobody else can read:
 *   https://platform.claude.com/docs/en/agents-and-tools/tool-use/web-search-tool
 * - `compaction` stands for the conversation before it: https://platform.claude.com/docs/en/build-with-claude/compaction
 */
function bindingsOf(body: RequestBody): readonly Binding[] {
  const bindings = new BindingList()
  const container = body.member('container')
  bindings.add('container', idOf(container) ?? idOf(asObject(container)?.id), 'quota_group')
  for (const { type, skill_id } of objectsIn(asObject(container)?.skills)) {
    if (type === 'custom') bindings.add('skill_id', idOf(skill_id), 'quota_group')
  }
  bindings.add('thread', idOf(asObject(body.member('thread'))?.previous_message_id), 'quota_group')
  bindings.add('fallback_credit_token', signatureOf(body.member('fallback_credit_token')), 'quota_group', true)
  for (const [, message] of body.markedItems('messages')) {
    for (const block of objectsIn(asObject(message)?.content)) addBlock(bindings, block)
  }
  return bindings.all
}

function addBlock(bindings: BindingList, block: JsonObject): void {
  switch (block.type) {
    case 'thinking':
    case 'redacted_thinking':
      bindings.add('thinking', thoughtIdOf(block), 'vendor', true)
      return
    case 'compaction':
      bindings.add('compaction', compactionIdOf(block), 'vendor')
      return
    case 'tool_result':
      for (const inner of objectsIn(block.content)) addBlock(bindings, inner)
      return
    default:
      bindings.add('file_id', idOf(block.file_id) ?? idOf(asObject(block.source)?.file_id), 'quota_group')
      for (const id of encryptedIn(block)) bindings.add('encrypted_content', id, 'vendor')
  }
}

/**
 * All thoughts go, signed or not: who refuses one signature refuses a block without one as well, and a block of its
 * own behind a gap, too.
 */
function removalsOf(body: RequestBody, kinds: readonly string[]): readonly JsonPath[] {
  const paths: JsonPath[] = []
  if (kinds.includes('fallback_credit_token') && body.member('fallback_credit_token') !== undefined) {
    paths.push(['fallback_credit_token'])
  }
  if (!kinds.includes('thinking')) return paths
  for (const [index, message] of body.markedItems('messages')) {
    const content = asObject(message)?.content
    if (!Array.isArray(content)) continue
    const thoughts = [...content.keys()].filter((place) => THOUGHTS.has(asObject(content[place])?.type))
    // A message without any content is refused.
    if (thoughts.length === content.length && thoughts.length > 0) paths.push(['messages', index])
    else for (const place of thoughts) paths.push(['messages', index, 'content', place])
  }
  return paths
}

function answerIdOf(event: unknown): string | undefined {
  const body = asObject(event)
  if (body?.type === 'message_start') return idOf(asObject(body.message)?.id)
  return body?.type === 'message' ? idOf(body.id) : undefined
}

function bindingIdsOf(event: unknown): readonly string[] {
  const body = asObject(event)
  switch (body?.type) {
    case 'message_start':
      return present(idOf(asObject(asObject(body.message)?.container)?.id))
    case 'content_block_start':
      return idsInBlock(asObject(body.content_block))
    case 'content_block_delta': {
      const delta = asObject(body.delta)
      if (delta?.type === 'signature_delta') return present(signatureOf(delta.signature))
      return delta?.type === 'compaction_delta' ? present(signatureOf(delta.encrypted_content)) : []
    }
    case 'message_delta':
      return idsAtEnd(asObject(body.delta))
    case 'message':
      return [...idsAtEnd(body), ...objectsIn(body.content).flatMap(idsInBlock)]
    default:
      return []
  }
}

function idsInBlock(block: JsonObject | undefined): readonly string[] {
  if (block === undefined) return []
  if (THOUGHTS.has(block.type)) return present(thoughtIdOf(block))
  if (block.type === 'compaction') return present(compactionIdOf(block))
  const files = objectsIn(asObject(block.content)?.content).map(({ file_id }) => idOf(file_id))
  return [...present(idOf(block.file_id), ...files), ...encryptedIn(block)]
}

/** Of a whole message, or of the delta that ends one. */
function idsAtEnd(message: JsonObject | undefined): readonly string[] {
  const credit = asObject(message?.stop_details)?.fallback_credit_token
  return present(idOf(asObject(message?.container)?.id), signatureOf(credit))
}

function thoughtIdOf({ type, signature, data }: JsonObject): string | undefined {
  return signatureOf(type === 'thinking' ? signature : data)
}

function compactionIdOf({ encrypted_content, signature }: JsonObject): string | undefined {
  return signatureOf(encrypted_content) ?? signatureOf(signature)
}

/** What a tool of the vendor's own found, or printed, and keeps to itself. */
function encryptedIn({ content }: JsonObject): readonly string[] {
  const results = Array.isArray(content) ? objectsIn(content) : objectsIn([content])
  return present(
    ...results.map(({ encrypted_content, encrypted_stdout }) => {
      return signatureOf(encrypted_content) ?? signatureOf(encrypted_stdout)
    }),
  )
}
