/** Variables by name, as `process.env` has them. */
export type Environment = Readonly<Record<string, string | undefined>>

export interface Expansion {
  readonly text: string
  /** Variables that are not set, or empty, and have no default. */
  readonly missing: readonly string[]
  /** There is a `${` that is none of the forms that are known. */
  readonly isMalformed: boolean
  /** All variables it names. */
  readonly variables: readonly string[]
}

const REFERENCE = /\$(\$)?\{([^}]*)(\}?)/g
const NAME_AND_DEFAULT = /^([A-Za-z_]\w*)(?::-(.*))?$/s

/** Replaces `${NAME}` and `${NAME:-default}`; `$${` stands for a plain `${`. An empty variable counts as not set. */
export function expand(text: string, environment: Environment): Expansion {
  const missing: string[] = []
  let isMalformed = false
  const variables: string[] = []
  const expanded = text.replace(REFERENCE, (whole, dollar: string | undefined, inner: string, close: string) => {
    if (dollar !== undefined) return whole.slice(1)
    const [, name, fallback] = NAME_AND_DEFAULT.exec(inner) ?? []
    if (name === undefined || close === '' || fallback?.includes('${') === true) {
      isMalformed = true
      return ''
    }
    const value = variable(environment, name)
    variables.push(name)
    if (value === undefined && fallback === undefined) missing.push(name)
    return value ?? fallback ?? ''
  })
  return { text: expanded, missing, isMalformed, variables }
}

/** A variable's value; undefined where it is not set or empty. */
export function variable(environment: Environment, name: string): string | undefined {
  const value = Object.hasOwn(environment, name) ? environment[name] : undefined
  return value === '' ? undefined : value
}

const FIRST_STAND_IN = 0xe000
/** A reference as it may stand in YAML source, on one line. */
const IN_SOURCE = /\$\{[A-Za-z_]\w*(?::-[^}\n]*)?\}/g
const STAND_INS = /[\ue000-\ue07f]/g

/**
 * YAML ends an unquoted text at `{`, `}` and `,` inside `{ … }` and `[ … ]`, and so `{ apiKey: ${KEY} }` would be a
 * syntax error. Until it has been parsed, other characters stand for these; each place in the text stays where it was.
 */
export function shield(source: string): string {
  if (source.search(STAND_INS) >= 0) return source
  return source.replace(IN_SOURCE, (reference) =>
    reference.replace(/[{}[\],:# ]/g, (character) => String.fromCharCode(FIRST_STAND_IN + character.charCodeAt(0))),
  )
}

/** The text as it was before `shield`. */
export function unshield(text: string): string {
  return text.replace(STAND_INS, (standIn) => String.fromCharCode(standIn.charCodeAt(0) - FIRST_STAND_IN))
}
