import { describe, expect, it } from 'vitest'
import { messageRequests } from './anthropic/request-format.ts'
import { generateContentRequests } from './gemini/index.ts'
import { chatRequests } from './openai-chat/request-format.ts'
import { responseRequests } from './openai-responses/index.ts'
import { ParsedBody } from './request-body.ts'
import type { RequestFormat } from './request-format.ts'
import { cutOf, withoutPaths } from './without-paths.ts'

const SIGNATURE = `EqQBCkYIBxgCKkA${'s'.repeat(400)}`
const ENCRYPTED = `gAAAAABo${'e'.repeat(400)}`
const beginning = (text: string): string => text.slice(0, 64)

/** `kind id scope`, with a mark where it may be left out. */
function bindingsOf(format: RequestFormat, request: unknown): string[] {
  const bindings = format.bindingsOf(new ParsedBody(request))
  return bindings.map(({ kind, id, scope, isDroppable }) => `${kind} ${id} ${scope}${isDroppable ? ' droppable' : ''}`)
}

function without(format: RequestFormat, request: object, ...kinds: readonly string[]): unknown {
  const before = structuredClone(request)
  const result = withoutPaths(request, cutOf(format.removalsOf(new ParsedBody(request), kinds)))
  expect(request).toEqual(before)
  return result
}

describe('chat completions', () => {
  const user = (...content: readonly object[]) => ({ role: 'user', content })
  const signed = (signature: string) => ({ google: { thought_signature: signature } })
  const call = { id: 'call_1', type: 'function', function: { name: 'f', arguments: '{"file_id":"file-no"}' } }

  it('refer to uploaded files, spoken answers and signed thoughts', () => {
    const request = {
      messages: [
        { role: 'system', content: 'Be brief.' },
        user({ type: 'text', text: 'Read' }, { type: 'file', file: { file_id: 'file-abc' } }),
        user({ type: 'file', file_id: 'mistral-file' }, { type: 'file', file: { file_data: 'data:,', filename: 'a' } }),
        { role: 'assistant', audio: { id: 'audio_1' }, content: null },
        { role: 'assistant', tool_calls: [{ ...call, extra_content: signed(SIGNATURE) }, call] },
        {
          role: 'assistant',
          content: 'Hm',
          reasoning_details: [
            { type: 'reasoning.text', text: 'plain' },
            { type: 'reasoning.text', text: 'signed', signature: `o${SIGNATURE}` },
            { type: 'reasoning.encrypted', data: ENCRYPTED },
          ],
        },
      ],
    }
    expect(bindingsOf(chatRequests, request)).toEqual([
      'file_id file-abc quota_group',
      'file_id mistral-file quota_group',
      'audio audio_1 quota_group',
      `thought_signature ${beginning(SIGNATURE)} vendor droppable`,
      `reasoning_details ${beginning(`o${SIGNATURE}`)} vendor droppable`,
      `reasoning_details ${beginning(ENCRYPTED)} vendor droppable`,
    ])
  })

  it('go on without signed thoughts, all else as it was', () => {
    const plain = {
      messages: [user({ type: 'file', file: { file_id: 'f' } }), { role: 'assistant', tool_calls: [call] }],
    }
    const request = {
      messages: [
        plain.messages[0],
        {
          ...plain.messages[1],
          tool_calls: [{ ...call, extra_content: signed(SIGNATURE) }],
          extra_content: signed(SIGNATURE),
          reasoning_details: [{ data: ENCRYPTED }],
        },
      ],
    }
    expect(without(chatRequests, request, 'thought_signature', 'reasoning_details')).toEqual(plain)
    expect(without(chatRequests, request, 'file_id', 'audio')).toEqual(request)
  })

  it('bring ids in their answers', () => {
    const idsIn = (delta: object) => chatRequests.bindingIdsOf({ choices: [{ delta }] })
    expect(idsIn({ audio: { id: 'audio_1', data: 'AAAA' } })).toEqual(['audio_1'])
    expect(idsIn({ tool_calls: [{ index: 0, ...call, extra_content: signed(SIGNATURE) }] })).toEqual([
      beginning(SIGNATURE),
    ])
    expect(idsIn({ reasoning_details: [{ type: 'reasoning.text', text: 'Hm', signature: null }] })).toEqual([])
    expect(idsIn({ reasoning_details: [{ data: ENCRYPTED }] })).toEqual([beginning(ENCRYPTED)])
    expect(chatRequests.bindingIdsOf({ choices: [{ message: { audio: { id: 'audio_2' } } }] })).toEqual(['audio_2'])
  })
})

describe('messages', () => {
  const thinking = { type: 'thinking', thinking: 'Hm.', signature: SIGNATURE }
  const redacted = { type: 'redacted_thinking', data: ENCRYPTED }
  const unsigned = { type: 'thinking', thinking: 'Hm.', signature: '' }
  const text = { type: 'text', text: 'Hello' }

  it('refer to files, containers, threads, skills and signed thoughts', () => {
    const request = {
      container: {
        id: 'container_1',
        skills: [
          { type: 'custom', skill_id: 'sk_1' },
          { type: 'anthropic', skill_id: 'pdf' },
        ],
      },
      thread: { type: 'continue', previous_message_id: 'msg_1' },
      fallback_credit_token: `fct_${ENCRYPTED}`,
      messages: [
        {
          role: 'user',
          content: [
            { type: 'document', source: { type: 'file', file_id: 'file_1' } },
            { type: 'image', source: { type: 'base64', data: 'AAAA' } },
            { type: 'container_upload', file_id: 'file_2' },
          ],
        },
        {
          role: 'assistant',
          content: [thinking, redacted, unsigned, text, { type: 'tool_use', input: { file_id: 'no' } }],
        },
        {
          role: 'user',
          content: [{ type: 'tool_result', content: [{ type: 'image', source: { type: 'file', file_id: 'file_3' } }] }],
        },
        {
          role: 'assistant',
          content: [
            { type: 'web_search_tool_result', content: [{ type: 'web_search_result', encrypted_content: ENCRYPTED }] },
          ],
        },
        { role: 'assistant', content: [{ type: 'compaction', content: 'So far', encrypted_content: `c${ENCRYPTED}` }] },
      ],
    }
    expect(bindingsOf(messageRequests, request)).toEqual([
      'container container_1 quota_group',
      'skill_id sk_1 quota_group',
      'thread msg_1 quota_group',
      `fallback_credit_token ${beginning(`fct_${ENCRYPTED}`)} quota_group droppable`,
      'file_id file_1 quota_group',
      'file_id file_2 quota_group',
      `thinking ${beginning(SIGNATURE)} vendor droppable`,
      `thinking ${beginning(ENCRYPTED)} vendor droppable`,
      'file_id file_3 quota_group',
      `encrypted_content ${beginning(ENCRYPTED)} vendor`,
      `compaction ${beginning(`c${ENCRYPTED}`)} vendor`,
    ])
  })

  it('that begin a thread, or a container without a name, refer to nothing', () => {
    expect(
      bindingsOf(messageRequests, { container: { skills: null }, thread: { type: 'create' }, messages: [] }),
    ).toEqual([])
    expect(bindingsOf(messageRequests, { container: 'container_2' })).toEqual(['container container_2 quota_group'])
  })

  it('go on without thoughts, and without messages that were nothing else', () => {
    const user = { role: 'user', content: 'Hello' }
    const request = {
      fallback_credit_token: 'fct_1',
      thinking: { type: 'adaptive' },
      messages: [
        user,
        { role: 'assistant', content: [thinking, unsigned, text] },
        user,
        { role: 'assistant', content: [redacted] },
        user,
      ],
    }
    const { fallback_credit_token: _, ...others } = request
    const shorter = [user, { role: 'assistant', content: [text] }, user, user]
    expect(without(messageRequests, request, 'thinking')).toEqual({ ...request, messages: shorter })
    expect(without(messageRequests, request, 'fallback_credit_token')).toEqual(others)
    expect(without(messageRequests, request, 'container', 'file_id')).toEqual(request)
  })

  it('bring ids in their answers', () => {
    const ids = (event: object) => messageRequests.bindingIdsOf(event)
    const start = { type: 'message_start', message: { id: 'msg_1', container: null, content: [] } }
    expect(ids(start)).toEqual([])
    expect(messageRequests.answerIdOf(start)).toBe('msg_1')
    expect(ids({ type: 'content_block_start', content_block: redacted })).toEqual([beginning(ENCRYPTED)])
    expect(
      ids({ type: 'content_block_start', content_block: { type: 'thinking', thinking: '', signature: '' } }),
    ).toEqual([])
    expect(ids({ type: 'content_block_delta', delta: { type: 'signature_delta', signature: SIGNATURE } })).toEqual([
      beginning(SIGNATURE),
    ])
    expect(ids({ type: 'content_block_delta', delta: { type: 'text_delta', text: 'Hi' } })).toEqual([])
    const printed = { type: 'bash_code_execution_tool_result', content: { content: [{ file_id: 'file_1' }] } }
    expect(ids({ type: 'content_block_start', content_block: printed })).toEqual(['file_1'])
    expect(ids({ type: 'message_delta', delta: { container: { id: 'container_1' } } })).toEqual(['container_1'])
    const credit = { stop_details: { fallback_credit_token: 'fct_1' } }
    expect(ids({ type: 'message_delta', delta: credit })).toEqual(['fct_1'])
    expect(ids({ type: 'message', id: 'msg_2', container: { id: 'c_1' }, content: [thinking, printed] })).toEqual([
      'c_1',
      beginning(SIGNATURE),
      'file_1',
    ])
  })
})

describe('responses', () => {
  const reasoning = { type: 'reasoning', id: 'rs_1', summary: [], encrypted_content: ENCRYPTED }

  it('refer to what a project keeps, and to encrypted reasoning', () => {
    const request = {
      previous_response_id: 'resp_1',
      conversation: { id: 'conv_1' },
      prompt: { id: 'pmpt_1', version: '2' },
      tools: [
        { type: 'function', name: 'f', parameters: {} },
        { type: 'file_search', vector_store_ids: ['vs_1', 'vs_2'] },
        { type: 'code_interpreter', container: { type: 'auto', file_ids: ['file-1'] } },
        { type: 'code_interpreter', container: 'cntr_1' },
        { type: 'shell', environment: { type: 'container_reference', container_id: 'cntr_2' } },
      ],
      input: [
        {
          role: 'user',
          content: [
            { type: 'input_file', file_id: 'file-2' },
            { type: 'input_image', file_id: 'file-3' },
          ],
        },
        reasoning,
        { type: 'reasoning', id: 'rs_2', summary: [] },
        { type: 'compaction', encrypted_content: `c${ENCRYPTED}` },
        { type: 'item_reference', id: 'msg_1' },
        { type: 'function_call_output', call_id: 'c', output: [{ type: 'input_file', file_id: 'file-4' }] },
        { type: 'code_interpreter_call', container_id: 'cntr_3' },
        { type: 'function_call', arguments: '{"file_id":"no"}' },
      ],
    }
    expect(bindingsOf(responseRequests, request)).toEqual([
      'previous_response_id resp_1 quota_group',
      'conversation conv_1 quota_group',
      'prompt pmpt_1 quota_group',
      'vector_store_id vs_1 quota_group',
      'vector_store_id vs_2 quota_group',
      'file_id file-1 quota_group',
      'container cntr_1 quota_group',
      'container cntr_2 quota_group',
      'file_id file-2 quota_group',
      'file_id file-3 quota_group',
      `reasoning ${beginning(ENCRYPTED)} quota_group droppable`,
      'reasoning rs_2 quota_group droppable',
      `compaction ${beginning(`c${ENCRYPTED}`)} quota_group`,
      'item_reference msg_1 quota_group',
      'file_id file-4 quota_group',
      'container cntr_3 quota_group',
    ])
    const input = request.input.filter(({ type }) => type !== 'reasoning')
    expect(without(responseRequests, request, 'reasoning')).toEqual({ ...request, input })
  })

  it('of LlamaIndex, with nulls in them, refer to nothing', () => {
    expect(bindingsOf(responseRequests, { previous_response_id: null, include: null, input: 'Hi', tools: [] })).toEqual(
      [],
    )
  })

  it('bring ids in their answers', () => {
    const ids = (event: object) => responseRequests.bindingIdsOf(event)
    const created = { type: 'response.created', response: { id: 'resp_1', output: [] } }
    expect(ids(created)).toEqual([])
    expect(responseRequests.answerIdOf(created)).toBe('resp_1')
    expect(ids({ type: 'response.output_text.delta', delta: 'Hi' })).toEqual([])
    // What `added` has of it may not be all: the SDK says so.
    expect(ids({ type: 'response.output_item.added', item: reasoning })).toEqual([])
    expect(ids({ type: 'response.output_item.done', item: reasoning })).toEqual([beginning(ENCRYPTED)])
    const whole = { object: 'response', id: 'resp_2', conversation: { id: 'conv_1' }, output: [reasoning] }
    expect(ids(whole)).toEqual(['conv_1', beginning(ENCRYPTED)])
    expect(responseRequests.answerIdOf(whole)).toBe('resp_2')
    expect(ids({ ...whole, output: [{ type: 'code_interpreter_call', container_id: 'cntr_1' }] })).toContain('cntr_1')
  })
})

describe('generateContent', () => {
  const URI = 'https://generativelanguage.googleapis.com/v1beta/files/abc123'
  const request = {
    cachedContent: 'cachedContents/1',
    contents: [
      {
        role: 'user',
        parts: [
          { text: 'Look' },
          { fileData: { fileUri: URI, mimeType: 'video/mp4' } },
          { file_data: { file_uri: 'https://www.youtube.com/watch?v=1' } },
        ],
      },
      { role: 'model', parts: [{ functionCall: { name: 'f', args: {} }, thoughtSignature: SIGNATURE }, { text: 'a' }] },
    ],
  }

  it('refers to what a project keeps, and to signed thoughts', () => {
    expect(bindingsOf(generateContentRequests, request)).toEqual([
      'cachedContent cachedContents/1 quota_group',
      `fileUri ${URI} quota_group`,
      `thoughtSignature ${beginning(SIGNATURE)} vendor droppable`,
    ])
    const parts = [{ functionCall: { name: 'f', args: {} } }, { text: 'a' }]
    const contents = [request.contents[0], { role: 'model', parts }]
    expect(without(generateContentRequests, request, 'thoughtSignature')).toEqual({ ...request, contents })
  })

  it('brings signatures in its answers', () => {
    const event = { candidates: [{ content: request.contents[1] }] }
    expect(generateContentRequests.bindingIdsOf(event)).toEqual([beginning(SIGNATURE)])
  })
})

it('answers are kept where the request wants it so', () => {
  const keeps = (format: RequestFormat, request: object) => format.keepsAnswer(new ParsedBody(request))
  expect(keeps(messageRequests, { thread: { type: 'create' } })).toBe(true)
  expect(keeps(messageRequests, { thread: null })).toBe(false)
  expect(keeps(responseRequests, {})).toBe(true)
  expect(keeps(responseRequests, { store: false })).toBe(false)
  expect(keeps(chatRequests, { store: true })).toBe(false)
  expect(messageRequests.answerIdOf({ type: 'message', id: 'msg_1' })).toBe('msg_1')
  expect(messageRequests.answerIdOf({ type: 'message_stop' })).toBeUndefined()
})

it('what is no request of the format refers to nothing, and no event is too strange', () => {
  const oddities = [undefined, null, 'text', 7, [], {}, { messages: 'x', input: {}, contents: 1, tools: 'y' }]
  const items = [null, 1, 'x', [], {}, { content: 'text' }, { content: [null, 1, {}] }, { parts: [null] }]
  for (const format of [chatRequests, responseRequests, messageRequests, generateContentRequests]) {
    for (const oddity of [...oddities, { messages: items, input: items, contents: items, tools: items }]) {
      expect(format.bindingsOf(new ParsedBody(oddity))).toEqual([])
      expect(format.removalsOf(new ParsedBody(oddity), ['thinking', 'reasoning', 'thought_signature'])).toEqual([])
      expect(format.bindingIdsOf(oddity)).toEqual([])
    }
    for (const item of items) expect(format.bindingIdsOf(item)).toEqual([])
  }
})
