import { type Answer, callsOf, type Hand, jsonIn, type Piece, type Written } from './answer.ts'

type Call = Extract<Piece, { kind: 'call' }>

/** A streamed chat completion. */
export function writeOpenAi(answer: Answer, hand: Hand): Written {
  const { id, model, created, newline, hasUsage, hasPings, inputTokens } = hand
  const events: string[] = []
  const push = (choices: readonly object[], more: object = {}): void => {
    const json = jsonIn(hand, { id, object: 'chat.completion.chunk', created, model, choices, ...more })
    events.push(`data: ${json}${newline}${newline}`)
  }
  const say = (delta: object, finish: string | null = null): void =>
    push([{ index: 0, delta, logprobs: null, finish_reason: finish }])
  let tokens = 0
  let calls = 0
  const sayPiece = (piece: Piece): void => {
    if (piece.kind === 'call') {
      sayCall(piece, calls++)
      return
    }
    for (const token of hand.split(piece.text)) {
      tokens += 1
      say(piece.kind === 'text' ? { content: token } : { reasoning_content: token })
      if (hasPings && tokens % 3 === 0) events.push(`: keep-alive${newline}${newline}`)
    }
  }
  const sayCall = ({ name, json }: Call, index: number): void => {
    const callId = `call_${id.slice(-6)}_${index}`
    say({ tool_calls: [{ index, id: callId, type: 'function', function: { name, arguments: '' } }] })
    for (const token of hand.split(json)) {
      tokens += 1
      say({ tool_calls: [{ index, function: { arguments: token } }] })
    }
  }
  if (hasPings) events.push(`: connected${newline}${newline}`)
  say({ role: 'assistant', content: '' })
  for (const piece of answer) sayPiece(piece)
  say({}, callsOf(answer).length > 0 ? 'tool_calls' : 'stop')
  const usage = { prompt_tokens: inputTokens, completion_tokens: tokens, total_tokens: inputTokens + tokens }
  if (hasUsage) push([], { usage })
  events.push(`data: [DONE]${newline}${newline}`)
  return { events, outputTokens: tokens }
}
