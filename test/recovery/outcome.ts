import type { Assembly } from './assembly.ts'

/** What a caller made of an answer. */
export type Outcome =
  | {
      readonly kind: 'answered'
      readonly assembly: Assembly
      /** What the SDK's own helper put together of the same events. */
      readonly summary: Summary | undefined
    }
  | { readonly kind: 'raised'; readonly assembly: Assembly; readonly error: unknown }

/** What an answer consists of, but for reasoning and token counts, in one form for all doors. */
export interface Summary {
  readonly text: string
  readonly calls: readonly { readonly id: string; readonly name: string; readonly json: unknown }[]
  readonly finish: string | undefined
}

export function summaryOf({ text, calls, finish }: Assembly): Summary {
  return { text, calls: calls.map(({ id, name, json }) => ({ id, name, json: parsed(json) })), finish }
}

export function parsed(json: string): unknown {
  try {
    return JSON.parse(json)
  } catch {
    return `no JSON: ${json}`
  }
}
