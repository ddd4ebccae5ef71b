import type { FailoverManager } from '../../src/index.ts'
import type { Knowledge } from './attempt-rules.ts'
import type { KnownRequest } from './records.ts'

const EVENTS_KEPT = 200

/** The manager remembers the latest requests that have ended, and tells of them what it told when it happened. */
export function checkStories(
  { options, report }: Knowledge,
  stories: ReturnType<FailoverManager['recentRequests']>,
  requests: readonly KnownRequest[],
): void {
  const { maxRequests = 100 } = options.history ?? {}
  const ended = requests.filter(({ outcome }) => outcome !== undefined)
  const newest = ended.sort((a, b) => b.endOrder - a.endOrder).slice(0, maxRequests)
  const ids = stories.map(({ requestId }) => requestId).join()
  const expected = newest.map(({ started }) => started.requestId).join()
  if (ids !== expected) report('stories_agree', `it remembers ${ids} instead of ${expected}`)
  for (const [index, story] of stories.entries()) {
    const request = newest[index]
    if (request?.outcome === undefined) continue
    const { requestId, outcome, attempts, events, eventsLeftOut = 0 } = story
    if (`request_${outcome}` !== request.outcome.type || attempts.length !== request.attempts.length)
      report('stories_agree', `${requestId} is remembered as ${outcome} after ${attempts.length} attempts`)
    const told = events.map(({ type }) => type).join()
    if (eventsLeftOut === 0 && request.told.length <= EVENTS_KEPT && told !== request.told.join())
      report('stories_agree', `${requestId} is remembered as ${told}, and was told as ${request.told.join()}`)
  }
}
