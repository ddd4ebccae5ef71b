import type { DialectName } from './answer.ts'
import { ChatAssembly } from './chat-assembly.ts'
import { MessageAssembly } from './message-assembly.ts'

export interface AssembledReasoning {
  text: string
  signature: string | undefined
}

export interface AssembledCall {
  readonly id: string
  readonly name: string
  json: string
  /** Nothing more can belong to it. */
  isWhole: boolean
}

/** What a caller has put together from the events of one answer, and what in them no answer may do. */
export interface Assembly {
  readonly text: string
  readonly reasoning: readonly AssembledReasoning[]
  readonly calls: readonly AssembledCall[]
  /** The kinds of its pieces in their order; neighbours of one kind are one. */
  readonly order: readonly string[]
  /** Is a block of reasoning open whose signature is still to come? */
  readonly isSignedOpen: boolean
  /** Its finish reason, once it is here. */
  readonly finish: string | undefined
  /** Its last event is here. */
  readonly isOver: boolean
  readonly inputTokens: number | undefined
  readonly outputTokens: number | undefined
  /** Where its events break the rules of the dialect. */
  readonly breaches: readonly string[]
  take(event: object): void
}

export function startAssembly(dialect: DialectName): Assembly {
  return dialect === 'openai' ? new ChatAssembly() : new MessageAssembly()
}
