import type { ProfileLimits } from '../../../index.ts'
import type { Report } from './report.ts'

type Row = readonly [name: string, apiKey: string | undefined, origin: string, dialect: string, more?: string]

const WHERE = {
  contextWindowFallbacks: 'where the prompt is too long',
  contentPolicyFallbacks: 'where a filter has refused',
} as const

/** A report as it is read at a terminal. */
export function linesOf(source: string, report: Report): string[] {
  const { server, strategy, policy, probe, routes, fallbacks, disabled } = report
  const names = Object.keys(routes)
  const isOrdered = strategy === 'priority'
  return [
    `configuration: ${source}`,
    `server: ${server.host}:${server.port}, ${clientsOf(server)}`,
    ...(isOrdered ? [] : [`strategy: ${strategy}, among the profiles of one model and one priority`]),
    ...(policy === 'evidence' ? [] : [`policy: ${policy}, without detours, probes and learnt limits`]),
    ...(probe === undefined ? [] : [`probing: what a breaker keeps out, every ${probe.everyMs} ms`]),
    ...section(isOrdered ? 'profiles, in the order in which they are tried' : 'profiles', profilesOf(report)),
    ...groupsOf(report),
    ...names.flatMap((name) => [
      ...section(`route ${name}`, chainOf(routes[name] ?? [], isOrdered)),
      ...detoursOf(report, name, isOrdered),
    ]),
    ...section(
      'models without a route: the model itself, then',
      fallbacks.length === 0 ? ['  nothing: there are no fallbacks'] : chainOf(fallbacks, isOrdered),
    ),
    ...(disabled.length === 0
      ? []
      : section(
          'disabled',
          disabled.map(({ id, reason }) => `  ${id}: ${reason}`),
        )),
    '',
    'nothing is wrong',
  ]
}

function clientsOf({ clients }: Report['server']): string {
  if (clients.length === 0) return 'no client keys: whoever reaches it may ask'
  return `clients ${clients.map(({ name, routes }) => (routes === undefined ? name : `${name} (${routes.join(', ')})`)).join(', ')}`
}

function section(title: string, lines: readonly string[]): string[] {
  return ['', title, ...lines]
}

function profilesOf({ profiles, strategy }: Report): string[] {
  return rowsOf(
    profiles.map(({ profile, apiKey, origin, dialect, priority, weight, limits = {} }) => {
      const more = [
        ...(strategy !== 'priority' && priority !== 0 ? [`priority ${priority}`] : []),
        ...(strategy === 'weighted' && weight !== 1 ? [`weight ${weight}`] : []),
        ...limitsOf(limits),
      ]
      return [profile, apiKey, origin, dialect, more.join(', ')]
    }),
    false,
  )
}

function groupsOf({ quotaGroups }: Report): string[] {
  const groups = Object.entries(quotaGroups)
  if (groups.length === 0) return []
  return section(
    'quota groups',
    groups.map(([name, { profiles, limits = {} }]) => {
      const shared = limitsOf(limits)
      return `  ${name}: ${profiles.join(', ')}${shared.length === 0 ? '' : `; together ${shared.join(', ')}`}`
    }),
  )
}

function limitsOf({ requestsPerMinute, tokensPerMinute, maxConcurrent }: ProfileLimits): string[] {
  return [
    ...(requestsPerMinute === undefined
      ? []
      : [`${requestsPerMinute} ${requestsPerMinute === 1 ? 'request' : 'requests'}/min`]),
    ...(tokensPerMinute === undefined ? [] : [`${tokensPerMinute} ${tokensPerMinute === 1 ? 'token' : 'tokens'}/min`]),
    ...(maxConcurrent === undefined ? [] : [`${maxConcurrent} at a time`]),
  ]
}

function detoursOf({ detours }: Report, name: string, isOrdered: boolean): string[] {
  const own = Object.hasOwn(detours, name) ? detours[name] : undefined
  return (['contextWindowFallbacks', 'contentPolicyFallbacks'] as const).flatMap((detour) => {
    const targets = own?.[detour]
    return targets === undefined ? [] : section(`route ${name}, ${WHERE[detour]}`, chainOf(targets, isOrdered))
  })
}

function chainOf(targets: Report['fallbacks'], isOrdered: boolean): string[] {
  if (targets.length === 0) return ['  nobody: all its profiles are disabled']
  const rows = rowsOf(
    targets.map(({ target, apiKey, origin, dialect }) => [target, apiKey, origin, dialect]),
    isOrdered,
  )
  const isMixed = targets.some(({ dialect }) => dialect !== targets[0]?.dialect)
  if (!isMixed) return rows
  return [...rows, `  A request is served by the targets of its own dialect${isOrdered ? ', in this order' : ''}.`]
}

function rowsOf(rows: readonly Row[], isNumbered: boolean): string[] {
  const width = widest(rows.map(([name]) => name))
  const originWidth = widest(rows.map(([, , origin]) => origin))
  const dialectWidth = widest(rows.map(([, , , dialect]) => dialect))
  return rows.map(([name, apiKey, origin, dialect, more = ''], index) => {
    const number = isNumbered ? `${index + 1}. `.padStart(`${rows.length}. `.length) : ''
    const key = (apiKey ?? 'no key').padEnd('***1234'.length)
    const row = `  ${number}${name.padEnd(width)}  ${key}  ${origin.padEnd(originWidth)}  `
    return `${row}${more === '' ? dialect : `${dialect.padEnd(dialectWidth)}  ${more}`}`
  })
}

function widest(texts: readonly string[]): number {
  return Math.max(...texts.map(({ length }) => length))
}
