import type { Report } from './report.ts'

type Row = readonly [name: string, apiKey: string | undefined, origin: string, dialect: string]

/** A report as it is read at a terminal. */
export function linesOf(source: string, { server, profiles, routes, fallbacks, disabled }: Report): string[] {
  const names = Object.keys(routes)
  return [
    `configuration: ${source}`,
    `server: ${server.host}:${server.port}, ${clientsOf(server)}`,
    ...section(
      'profiles, in the order in which they are tried',
      rowsOf(
        profiles.map(({ profile, apiKey, origin, dialect }) => [profile, apiKey, origin, dialect]),
        false,
      ),
    ),
    ...names.flatMap((name) => section(`route ${name}`, chainOf(routes[name] ?? []))),
    ...section(
      'models without a route: the model itself, then',
      fallbacks.length === 0 ? ['  nothing: there are no fallbacks'] : chainOf(fallbacks),
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

function chainOf(targets: Report['fallbacks']): string[] {
  if (targets.length === 0) return ['  nobody: all its profiles are disabled']
  const rows = rowsOf(
    targets.map(({ target, apiKey, origin, dialect }) => [target, apiKey, origin, dialect]),
    true,
  )
  const isMixed = targets.some(({ dialect }) => dialect !== targets[0]?.dialect)
  return isMixed ? [...rows, '  A request is served by the targets of its own dialect, in this order.'] : rows
}

function rowsOf(rows: readonly Row[], isNumbered: boolean): string[] {
  const width = Math.max(...rows.map(([name]) => name.length))
  const originWidth = Math.max(...rows.map(([, , origin]) => origin.length))
  return rows.map(([name, apiKey, origin, dialect], index) => {
    const number = isNumbered ? `${index + 1}. `.padStart(`${rows.length}. `.length) : ''
    const key = (apiKey ?? 'no key').padEnd('***1234'.length)
    return `  ${number}${name.padEnd(width)}  ${key}  ${origin.padEnd(originWidth)}  ${dialect}`
  })
}
