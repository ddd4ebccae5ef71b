/** One thing that the IETF's rate limit fields say of one bucket. */
export interface RateLimitPart {
  readonly bucket: string
  readonly field: 'limit' | 'remaining' | 'reset' | 'window'
  readonly value: string
}

/** How much of a field is looked at, and how many buckets. */
const MAX_LENGTH = 2_048
const MAX_ITEMS = 16

/** The names of parameters in the newer draft, and of the members of the one before it. */
const FIELDS: Readonly<Record<string, RateLimitPart['field']>> = {
  q: 'limit',
  r: 'remaining',
  t: 'reset',
  w: 'window',
  limit: 'limit',
  remaining: 'remaining',
  reset: 'reset',
}

/**
 * What a `ratelimit` field says: `"default";r=0;t=50, "daily";r=5;t=3600` as in draft-ietf-httpapi-ratelimit-headers-08 and
 * later, or `limit=100, remaining=0, reset=50` as in 07.
 *
 * @param unnamed the bucket that the older one is about
 */
export function rateLimitsIn(value: string, unnamed: string): RateLimitPart[] {
  return itemsOf(value).flatMap(([first = '', ...parameters]) => {
    const name = nameIn(first)
    return name === '' ? [] : name === undefined ? partsOf(unnamed, [first]) : partsOf(name, parameters)
  })
}

/**
 * What a `ratelimit-policy` field says: `"default";q=100;w=60`, or without a name `100;w=60`. Of several without names
 * nobody knows which one the rest is about.
 *
 * @param unnamed the bucket that a policy without a name is about
 */
export function policiesIn(value: string, unnamed: string): RateLimitPart[] {
  const items = itemsOf(value)
  return items.flatMap(([first = '', ...parameters]) => {
    const name = nameIn(first)
    if (name !== undefined) return name === '' ? [] : partsOf(name, parameters)
    return items.length === 1 ? partsOf(unnamed, [`q=${first}`, ...parameters]) : []
  })
}

/** Each item with its parameters: RFC 9651 §3.1. */
function itemsOf(value: string): string[][] {
  return splitOutside(value.slice(0, MAX_LENGTH), ',')
    .slice(0, MAX_ITEMS)
    .map((item) => splitOutside(item, ';').map((part) => part.trim()))
}

/** The name in quotation marks or as a token; undefined where it is none but a number or a member with its value. */
function nameIn(text: string): string | undefined {
  if (text.startsWith('"'))
    return /^"(?:[^"\\]|\\.){0,100}"$/.test(text) ? text.slice(1, -1).replace(/\\(.)/g, '$1') : ''
  return /^[a-z*][\w.:*/-]{0,99}$/i.test(text) ? text : undefined
}

function partsOf(bucket: string, parameters: readonly string[]): RateLimitPart[] {
  return parameters.flatMap((parameter) => {
    const [name = '', value = ''] = parameter.split('=', 2)
    const field = Object.hasOwn(FIELDS, name.trim()) ? FIELDS[name.trim()] : undefined
    return field === undefined || !/^\d{1,15}$/.test(value.trim()) ? [] : [{ bucket, field, value: value.trim() }]
  })
}

/** The parts between these marks, of which those in quotation marks part nothing. */
function splitOutside(text: string, mark: string): string[] {
  const parts: string[] = []
  let from = 0
  let isQuoted = false
  for (let at = 0; at < text.length; at += 1) {
    const character = text[at]
    if (isQuoted && character === '\\') at += 1
    else if (character === '"') isQuoted = !isQuoted
    else if (character === mark && !isQuoted) {
      parts.push(text.slice(from, at))
      from = at + 1
    }
  }
  parts.push(text.slice(from))
  return parts
}
