/** Where a text ceases to be JSON, and why. The message never quotes the text, which may hold secrets. */
export class JsonProblem extends Error {
  /** Counts bytes, from 0. */
  readonly offset: number

  constructor(offset: number, problem: string) {
    super(problem)
    this.offset = offset
  }
}
