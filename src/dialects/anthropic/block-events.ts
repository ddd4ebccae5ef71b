import { asObject, type JsonObject } from '../json.ts'

/** The same event of the block with this index. */
export function numbered(event: object, index: number): object {
  return (event as JsonObject).index === index ? event : { ...event, index }
}

export function stopOf(index: number): object {
  return { type: 'content_block_stop', index }
}

export function textDelta(index: number, text: string): object {
  return { type: 'content_block_delta', index, delta: { type: 'text_delta', text } }
}

export function thinkingDelta(index: number, thinking: string): object {
  return { type: 'content_block_delta', index, delta: { type: 'thinking_delta', thinking } }
}

/** A block's beginning without what it says already. */
export function without(key: 'text' | 'thinking', start: JsonObject): JsonObject {
  const block = asObject(start.content_block)
  return block?.[key] === '' ? start : { ...start, content_block: { ...block, [key]: '' } }
}
