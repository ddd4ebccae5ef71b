import type { FailoverError } from '../../failure/index.ts'

/** Takes in an answer's body as it arrives from the provider. */
export interface BodyReader {
  /** The bytes may be kept: nothing is written to them. */
  take(chunk: Buffer): void
  end(): void
  /** It broke off. */
  fail(error: FailoverError): void
  /** Nobody waits for it any more. */
  drop(): void
}
