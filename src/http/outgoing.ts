import { cutOf, type Dialect, ParsedBody, withoutPaths } from '../dialects/index.ts'
import type { AttemptContext, ModelRequest } from '../engine/index.ts'
import { FailoverError } from '../failure/index.ts'

/**
 * The headers of a request: ours, then the dialect's, then the operator's and the profile's key.
 *
 * @param credentials the last two
 */
export function requestHeaders(
  dialect: Dialect,
  isStreaming: boolean,
  credentials: Readonly<Record<string, string>>,
): Record<string, string> {
  return {
    'content-type': 'application/json',
    accept: isStreaming ? 'text/event-stream' : 'application/json',
    // A compressed stream is held back by the compressor until it has enough to compress.
    'accept-encoding': 'identity',
    'user-agent': 'hotspare',
    ...dialect.headers,
    ...credentials,
  }
}

/** Tells the engine by what id the answer is kept, where it is; undefined where there is nothing to tell. */
export function answerIdNote(
  { requests }: Dialect,
  request: unknown,
  { noteBinding }: AttemptContext,
): ((event: unknown) => void) | undefined {
  if (noteBinding === undefined || !requests.keepsAnswer(new ParsedBody(request))) return undefined
  return (event) => {
    const id = requests.answerIdOf(event)
    if (id !== undefined) noteBinding(id)
  }
}

/** The request without what is bound elsewhere; it is not changed itself. @param kinds of bindings, as the dialect has them */
export function withoutBindings<Request extends ModelRequest>(
  dialect: Dialect,
  request: Request,
  kinds: readonly string[] = [],
): Request {
  if (kinds.length === 0) return request
  const paths = dialect.requests.removalsOf(new ParsedBody(request), kinds)
  // What the dialect may leave out is nothing that makes a request one.
  return paths.length === 0 ? request : (withoutPaths(request, cutOf(paths)) as Request)
}

/**
 * The request's JSON with the target's model in place of its own; nothing else is added, removed or moved.
 *
 * @throws FailoverError `INVALID_REQUEST` where it cannot be written as JSON
 */
export function requestBody(request: ModelRequest, model: string): string {
  try {
    return JSON.stringify({ ...request, model })
  } catch (cause) {
    throw new FailoverError('INVALID_REQUEST', 'the request cannot be written as JSON', {
      cause,
      reason: 'invalid_request',
    })
  }
}
