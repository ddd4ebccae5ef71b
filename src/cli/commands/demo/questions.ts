/** Questions whose answers can be checked, in the form that both dialects share. */
export function question(number: number): string {
  return `What is ${number} times ${number}?`
}

export function rightAnswer(text: string): string {
  const [first = 0, second = 0] = (text.match(/\d+/g) ?? []).map(Number)
  return `You asked: ${text} It is ${first * second}.`
}

/** What the providers of the demo answer to a request. */
export function answerTo(body: unknown): string {
  const { messages } = body as { readonly messages: readonly { readonly content: unknown }[] }
  return rightAnswer(String(messages.at(-1)?.content ?? ''))
}
