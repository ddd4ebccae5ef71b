/** The name of a request in events and stories. A made-up one is put together only when somebody asks for it. */
export class RequestId {
  readonly #prefix: string
  readonly #number: number
  #text: string | undefined

  /** @param given by whoever has a name for the request already */
  constructor(prefix: string, number: number, given?: string) {
    this.#prefix = prefix
    this.#number = number
    this.#text = given
  }

  get text(): string {
    this.#text ??= `${this.#prefix}-${this.#number}`
    return this.#text
  }

  /** Somebody may know of it: as long as nobody has asked for the text, nothing can be filed under it. */
  get isKnown(): boolean {
    return this.#text !== undefined
  }
}
