import type { ContinuationFormat } from '../continuation-format.ts'
import { ChatTrail } from './chat-trail.ts'
import { textsOf } from './chunk.ts'
import { charactersOf, withoutPrefix } from './chunk-parts.ts'
import { CONTINUATION_MEMBERS, disarmedBy, fitsPrefill, wantsEagerCalls } from './continuable.ts'

/** How a chat completion is continued after its stream broke off. */
export const chatContinuation: ContinuationFormat = {
  members: CONTINUATION_MEMBERS,
  startTrail: (options) => new ChatTrail(options),
  disarmedBy,
  wantsEagerCalls,
  fitsPrefill,
  withoutPrefix,
  textsOf,
  charactersOf,
  encode: (event) => `data: ${JSON.stringify(event)}\n\n`,
  signOfLife: ': still there\n\n',
}
