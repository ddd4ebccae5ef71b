import { type Answer, callsOf, type Hand, jsonIn, type Piece, type Written } from './answer.ts'

/** A streamed message. */
export function writeAnthropic(answer: Answer, hand: Hand): Written {
  const { id, model, newline, hasPings, inputTokens } = hand
  const events: string[] = []
  let tokens = 0
  const push = (type: string, more: object = {}): void => {
    events.push(`event: ${type}${newline}data: ${jsonIn(hand, { type, ...more })}${newline}${newline}`)
  }
  const sayBlock = (piece: Piece, index: number): void => {
    push('content_block_start', { index, content_block: blockOf(piece, `toolu_${id.slice(-6)}_${index}`) })
    if (hasPings && index === 0) push('ping')
    for (const token of hand.split(piece.kind === 'call' ? piece.json : piece.text)) {
      tokens += 1
      push('content_block_delta', { index, delta: deltaOf(piece, token) })
      if (hasPings && tokens % 4 === 0) push('ping')
    }
    if (piece.kind === 'reasoning' && piece.signature !== undefined)
      push('content_block_delta', { index, delta: { type: 'signature_delta', signature: piece.signature } })
    push('content_block_stop', { index })
  }
  const message = { id: `msg_${id}`, type: 'message', role: 'assistant', model, content: [], stop_reason: null }
  const usage = { input_tokens: inputTokens, output_tokens: 1 }
  push('message_start', { message: { ...message, stop_sequence: null, usage } })
  for (const [index, piece] of answer.entries()) sayBlock(piece, index)
  const stopReason = callsOf(answer).length > 0 ? 'tool_use' : 'end_turn'
  push('message_delta', {
    delta: { stop_reason: stopReason, stop_sequence: null },
    usage: { output_tokens: tokens },
  })
  push('message_stop')
  return { events, outputTokens: tokens }
}

function blockOf(piece: Piece, callId: string): object {
  switch (piece.kind) {
    case 'text':
      return { type: 'text', text: '' }
    case 'reasoning':
      return { type: 'thinking', thinking: '', ...(piece.signature !== undefined && { signature: '' }) }
    case 'call':
      return { type: 'tool_use', id: callId, name: piece.name, input: {} }
  }
}

function deltaOf(piece: Piece, token: string): object {
  switch (piece.kind) {
    case 'text':
      return { type: 'text_delta', text: token }
    case 'reasoning':
      return { type: 'thinking_delta', thinking: token }
    case 'call':
      return { type: 'input_json_delta', partial_json: token }
  }
}
