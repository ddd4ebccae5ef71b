import { asCode } from './code.ts'
import { attempt, isRecord, readItems, readProperty } from './safe-read.ts'

/** What the fields of one object of an error say, whatever their order. */
export interface Fields {
  /** Every machine-readable field, in lower case, the more telling names first. */
  readonly codes: readonly string[]
  /** The first of the names under which a text may stand. */
  readonly message: string | undefined
  /** The part of the request that is complained of. */
  readonly param: string | undefined
  /** Objects that say more of the same error. */
  readonly parts: readonly object[]
  /** What may hold an error of its own, an upstream's for one: objects, and texts that may be some. */
  readonly nested: readonly { readonly name: string; readonly value: unknown }[]
  /** What an upstream said that is no JSON. */
  readonly raw: string | undefined
  /** Values that say when to come back, by the names' precedence. */
  readonly waits: readonly { readonly name: string; readonly value: unknown }[]
  /** Headers that were written down. */
  readonly headers: readonly object[]
}

/** How many fields of an object, and how many parts of a list, are looked at. */
const MAX_FIELDS = 256
const MAX_PARTS = 8
/** The longest thing that is still a code. */
const MAX_CODE_LENGTH = 100

type Role = 'code' | 'message' | 'part' | 'nested' | 'wait' | 'headers'

/** Names of fields by what they hold; within a role the more telling ones first. */
const NAMES: Readonly<Record<Role, readonly string[]>> = {
  code: [
    'code',
    'type',
    'type_',
    'status',
    'reason',
    'error_type',
    'errorType',
    'error_code',
    'errorCode',
    'Code',
    'limit_source',
    'status_code',
    'statusCode',
    'httpStatusCode',
    'http_code',
    'raw_status_code',
    '__type',
    'stop_reason',
    'finish_reason',
    ':exception-type',
    ':error-code',
    'error_subtype',
    '@type',
    // Google's: https://cloud.google.com/apis/design/errors
    'quotaId',
  ],
  message: [
    'message',
    'error',
    'detail',
    'Message',
    'error_description',
    'error_message',
    'errorMessage',
    'error_msg',
    'status_msg',
    'msg',
    'title',
    ':error-message',
  ],
  part: [
    'details',
    'detail',
    'metadata',
    'innererror',
    'base_resp',
    'incomplete_details',
    'delta',
    'choices',
    'errors',
    'violations',
    'headers',
    '$metadata',
  ],
  nested: [
    'error',
    'Error',
    'response',
    'Response',
    'err',
    'data',
    'result',
    'lastError',
    '$error',
    'responseBody',
    'body',
    'payload',
    'raw',
    'message',
  ],
  // `retryDelay` is Google's: https://cloud.google.com/apis/design/errors#error_details
  wait: [
    'retry_after_ms',
    'retryDelay',
    'retry_after',
    'retry_after_seconds',
    'resets_in_seconds',
    'estimated_time',
    'reset_seconds',
    'resets_at',
    'reset_at',
  ],
  headers: ['headers', 'responseHeaders'],
}

/** What each name holds, and how telling it is. */
const ROLES_BY_NAME = new Map<string, { readonly role: Role; readonly order: number }[]>()
for (const [role, names] of Object.entries(NAMES) as [Role, readonly string[]][]) {
  names.forEach((name, order) => {
    ROLES_BY_NAME.set(name, [...(ROLES_BY_NAME.get(name) ?? []), { role, order }])
  })
}

/** One field that counts. */
interface Field {
  readonly name: string
  readonly value: unknown
  readonly order: number
}

/** Looks through an object once. Its fields may throw when they are read, and an object may be a hostile proxy. */
export function fieldsOf(source: object): Fields {
  const found: Record<Role, Field[]> = { code: [], message: [], part: [], nested: [], wait: [], headers: [] }
  let param: string | undefined
  for (const name of keysOf(source)) {
    const roles = ROLES_BY_NAME.get(name)
    if (roles === undefined && name !== 'param' && name !== 'name') continue
    const value = readProperty(source, name)
    if (value === null || value === undefined || value === '') continue
    for (const { role, order } of roles ?? []) found[role].push({ name, value, order })
    if (name === 'param' && typeof value === 'string' && value !== 'None') param = value
    // A tool has a name, too; only an error's says what it is.
    else if (name === 'name' && typeof value === 'string' && /^\w{1,80}(?:Exception|Error)$/.test(value))
      found.code.push({ name, value, order: Number.POSITIVE_INFINITY })
    // OAuth says its code so: https://www.rfc-editor.org/rfc/rfc6749#section-5.2
    else if (name === 'error' && typeof value === 'string' && /^\w{3,60}$/.test(value))
      found.code.push({ name, value, order: Number.POSITIVE_INFINITY })
  }
  const message = sorted(found.message).find(({ value }) => typeof value === 'string')?.value
  const raw = found.nested.find(({ name }) => name === 'raw')?.value
  return {
    codes: sorted(found.code).flatMap(codeIn),
    message: typeof message === 'string' ? message : undefined,
    param,
    parts: sorted(found.part).flatMap(partsIn),
    nested: sorted(found.nested),
    raw: typeof raw === 'string' ? raw : undefined,
    waits: sorted(found.wait),
    headers: sorted(found.headers).flatMap(({ value }) => (isRecord(value) ? [value] : [])),
  }
}

/** Names of an event by its exception, as AWS SDKs have it: `{ throttlingException: { message } }`. */
export function exceptionIn(source: object): { readonly name: string; readonly details: unknown } | undefined {
  let name: string | undefined
  for (const key of keysOf(source)) if (key.endsWith('Exception') && (name === undefined || key < name)) name = key
  return name === undefined ? undefined : { name, details: readProperty(source, name) }
}

function keysOf(source: object): readonly string[] {
  const keys = attempt(() => Object.keys(source), [])
  return keys.length > MAX_FIELDS ? keys.slice(0, MAX_FIELDS) : keys
}

/** By how telling the names are, so that the order of the fields changes nothing. */
function sorted(fields: Field[]): readonly Field[] {
  return fields.length < 2 ? fields : fields.sort((a, b) => a.order - b.order)
}

function codeIn({ value }: Field): string[] {
  if (typeof value === 'number') return [`${value}`]
  return typeof value === 'string' && value.length <= MAX_CODE_LENGTH ? [asCode(value)] : []
}

function partsIn({ value }: Field): object[] {
  return isRecord(value) ? [value] : readItems(value, MAX_PARTS).filter(isRecord)
}
