import { formatDuration } from './duration.ts'
import { labelOf } from './fault-label.ts'
import { isAnswered } from './figures.ts'
import type { Journal, RequestEntry } from './journal.ts'
import type { Outage, OutWindow } from './outages.ts'
import { spellsOf } from './scenario.ts'
import type { NamedFault } from './subject.ts'
import { mergeSpells } from './timeline.ts'

/** Something that happened, in words. */
export interface Happening {
  /** Milliseconds since the beginning. */
  readonly atMs: number
  readonly text: string
}

/** What is further apart than this part of the whole is told separately. */
const APART = 1 / 12
/** Of so many equal parts of the whole it is told who answers most. */
const STEPS = 24

interface Told {
  readonly journal: Journal
  readonly outages: readonly Outage[]
  readonly faults: readonly NamedFault[]
  readonly totalMs: number
}

/** The main events in the order in which they happened. */
export function chronicle({ journal, outages, faults, totalMs }: Told): Happening[] {
  const gapMs = totalMs * APART
  return [
    ...faults.flatMap((fault) => ofFault(fault, totalMs)),
    ...outages.flatMap((outage) => ofOutage(outage, totalMs, gapMs)),
    ...ofServers(journal.requests, totalMs),
    ...ofFailures(journal.requests, gapMs),
  ]
    .map(({ atMs, text }) => ({ atMs: Math.round(atMs), text }))
    .sort((a, b) => a.atMs - b.atMs)
}

function ofFault({ fault, targets }: NamedFault, totalMs: number): Happening[] {
  const label = labelOf(fault)
  if (targets.length === 0) return [{ atMs: fault.fromMs, text: `(of no concern on this route: ${label})` }]
  const spells = spellsOf(fault, totalMs)
  const last = spells.at(-1)
  if (last === undefined) return []
  const repeats = spells.length > 1 && fault.repeat !== undefined ? ', on and off' : ''
  return [
    { atMs: spells[0]?.fromMs ?? 0, text: `begins${repeats}: ${label}` },
    ...(fault.untilMs < totalMs ? [{ atMs: fault.untilMs, text: `is over: ${label}` }] : []),
  ]
}

/** Windows that follow each other closely are one story. */
function ofOutage({ key, windows }: Outage, totalMs: number, gapMs: number): Happening[] {
  const stories: OutWindow[][] = []
  for (const window of windows.toSorted((a, b) => a.fromMs - b.fromMs)) {
    const story = stories.at(-1)
    const end = Math.max(...(story ?? []).map(({ untilMs, provenMs = untilMs }) => provenMs))
    if (story !== undefined && window.fromMs - end <= gapMs) story.push(window)
    else stories.push([window])
  }
  return stories.map((story) => ({ atMs: story[0]?.fromMs ?? 0, text: tellOutage(key, story, totalMs) }))
}

function tellOutage(key: string, story: readonly OutWindow[], totalMs: number): string {
  const reasons = [...new Set(story.map(({ reason }) => reason))].join(', ')
  const outMs = mergeSpells(story).reduce((sum, { fromMs, untilMs }) => sum + Math.min(untilMs, totalMs) - fromMs, 0)
  const last = story.at(-1)
  const times = story.length === 1 ? 'once' : `${story.length} times`
  const begun = `${shortKey(key)} is out (${reasons})`
  const backMs = last?.provenMs ?? last?.untilMs ?? 0
  const end = backMs >= totalMs ? 'to the end' : `until ${clockTime(backMs)}`
  return `${begun}: ${times} ${end}, ${formatDuration(Math.max(0, outMs))} in all`
}

/** Which model answers most, wherever that changes for more than a moment. */
function ofServers(requests: readonly RequestEntry[], totalMs: number): Happening[] {
  const stepMs = totalMs / STEPS
  const steps: RequestEntry[][] = Array.from({ length: STEPS }, () => [])
  for (const request of requests) if (isAnswered(request)) steps[Math.floor(request.startedAt / stepMs)]?.push(request)
  const happenings: Happening[] = []
  let before: string | undefined
  for (const step of steps) {
    const servers = Map.groupBy(step, modelOf)
    const most = [...servers].sort(([, a], [, b]) => b.length - a.length)[0]
    if (most === undefined || most[0] === before) continue
    const [model, [first]] = most
    if (before !== undefined && first !== undefined)
      happenings.push({ atMs: first.startedAt, text: `most answers come from ${model} now` })
    before = model
  }
  return happenings
}

function modelOf({ attempts }: RequestEntry): string {
  const target = attempts.at(-1)?.target
  return target === undefined ? 'nobody' : `${target.provider}/${target.model}`
}

function ofFailures(requests: readonly RequestEntry[], gapMs: number): Happening[] {
  const failed = requests.filter(({ outcome }) => outcome === 'failed')
  const spells = mergeSpells(
    failed.map(({ startedAt }) => ({ fromMs: startedAt, untilMs: startedAt })),
    gapMs,
  )
  return spells.map(({ fromMs, untilMs }) => {
    const within = failed.filter(({ startedAt }) => startedAt >= fromMs && startedAt <= untilMs)
    const codes = [...new Set(within.map(({ error = 'no answer' }) => error))].join(', ')
    const many = within.length === 1 ? 'a request gets' : `${within.length} requests get`
    const end = within.length === 1 ? '' : `, the last at ${clockTime(untilMs)}`
    return { atMs: fromMs, text: `${many} no answer (${codes})${end}` }
  })
}

/** `5:00`, `1:05:00`. */
export function clockTime(ms: number): string {
  const seconds = Math.floor(ms / 1_000)
  const parts = [Math.floor(seconds / 3_600), Math.floor(seconds / 60) % 60, seconds % 60]
  const shown = parts[0] === 0 ? parts.slice(1) : parts
  return shown.map((part, index) => (index === 0 ? `${part}` : `${part}`.padStart(2, '0'))).join(':')
}

/** Without what every origin begins with. */
export function shortKey(key: string): string {
  return key.replace(/^https?:\/\//, '')
}
