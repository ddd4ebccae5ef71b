import { type Body, type JudgedAnswer, NO_BODY, readBody } from './body.ts'
import { asCode } from './code.ts'
import type { ClassifyInput, TimeoutPhase } from './failure.ts'
import { type HeaderMap, readHeaders } from './headers.ts'
import { parseDate } from './moment.ts'
import { isRequestRefused } from './rule.ts'
import { asStatus, readProperty, readString } from './safe-read.ts'
import { isTelling, plainStatement, type Statement } from './statement.ts'
import { type GivenVerdict, readThrown } from './thrown.ts'
import { readWording } from './wording.ts'

/** Everything that is known of a failure, in one shape whatever it came in. */
export interface Evidence {
  readonly provider: string | undefined
  readonly dialect: string | undefined
  /** The answer's HTTP status. */
  readonly status: number | undefined
  readonly headers: HeaderMap
  /** Codes that stand in headers, in lower case: AWS names its exceptions there, Azure its errors. */
  readonly headerCodes: readonly string[]
  /** What the answer, or else the error's message, says; the innermost statement first. */
  readonly statements: readonly Statement[]
  /** What the body is worth as an answer, where it is one and no error. */
  readonly answer: JudgedAnswer | undefined
  /** An event of a good answer, or its body, says that it is an error. */
  readonly isReported: boolean
  readonly isHtml: boolean
  /** Codes and names of what was thrown, and error numbers in plain text, in lower case. */
  readonly thrownCodes: readonly string[]
  /** The words of what was thrown, or a body of plain text. */
  readonly plainText: string
  /** The sender's own words of it, in lower case. */
  readonly plainWording: string
  /** Something was thrown, whatever it was. */
  readonly isThrown: boolean
  /** The verdict our own error was given where it was made. */
  readonly given: GivenVerdict | undefined
  /** It came after an answer had begun with HTTP 2xx. */
  readonly inStream: boolean
  readonly timeoutPhase: TimeoutPhase | undefined
  /** The present as the caller tells it, epoch milliseconds. */
  readonly nowMs: number | undefined
  /** When the answer was sent by its sender's clock, epoch milliseconds. */
  readonly sentAt: number | undefined
}

/** The words of an error are not judged as an answer, and may be a log's. */
const NO_ANSWER = 500

const TIMEOUT_PHASES: readonly TimeoutPhase[] = [
  'connect',
  'first_content',
  'throughput',
  'response',
  'idle',
  'attempt',
]

/** Gathers the evidence. What is given directly goes before what is read from the error. */
export function gatherEvidence(input: ClassifyInput): Evidence {
  const error = readProperty(input, 'error')
  const thrown = readThrown(error)
  const stated = asStatus(readProperty(input, 'status')) ?? thrown.status
  const body = readBody(readProperty(input, 'body') ?? thrown.body, stated)
  // A body that says nothing still may hold a hint; what the error says then goes before it.
  const spoken = body.statements.some(isTelling) ? NO_BODY : readBody(thrown.message, stated ?? NO_ANSWER)
  const statements = [...spoken.statements, ...body.statements]
  const plainText = thrown.message !== '' ? thrown.message : plainTextOf(body)
  const headers = withNested(readHeaders(readProperty(input, 'headers') ?? thrown.headers), statements)
  const date = headers.get('date')
  const words = readWording(plainText, { isHandedOn: !isRequestRefused(stated) })
  const status = stated ?? words.stated.status ?? words.spoken.status
  const isThrown = error !== undefined && error !== null
  // Whatever was thrown after a good status broke an answer that had begun.
  const isBroken = isThrown && status !== undefined && status < 300
  return {
    provider: readString(input, 'provider'),
    dialect: readString(input, 'dialect'),
    status,
    headers,
    headerCodes: codesInHeaders(headers),
    statements: statements.length > 0 ? statements : [plainStatement('')],
    answer: body.answer,
    isReported: body.isReported === true,
    isHtml: body.form === 'html' || spoken.form === 'html',
    thrownCodes: [...thrown.codes, ...errorNumbersIn(plainText)],
    plainText,
    plainWording: words.text,
    isThrown,
    given: thrown.given,
    inStream: isBroken || readProperty(input, 'inStream') === true || readProperty(error, 'inStream') === true,
    timeoutPhase: TIMEOUT_PHASES.find((phase) => phase === readProperty(input, 'timeoutPhase')),
    nowMs: finiteNumber(readProperty(input, 'nowMs')),
    sentAt: date === undefined ? undefined : parseDate(date),
  }
}

/** Gateways and SDKs write down the headers of the answer they speak of; the answer's own go first. */
function withNested(headers: HeaderMap, statements: readonly Statement[]): HeaderMap {
  let all = headers
  for (const { fields } of statements) {
    for (const part of fields) {
      for (const nested of part.headers) all = new Map([...readHeaders(nested), ...all])
    }
  }
  return all
}

/** https://docs.aws.amazon.com/bedrock/latest/APIReference/CommonErrors.html and Azure's `x-ms-error-code`. */
const CODE_HEADERS = ['x-amzn-errortype', 'x-ms-error-code'] as const

function codesInHeaders(headers: HeaderMap): readonly string[] {
  if (headers.size === 0) return []
  return CODE_HEADERS.flatMap((name) => {
    const value = headers.get(name)
    return value === undefined ? [] : [asCode(value)]
  })
}

/** `ECONNREFUSED`, `UND_ERR_SOCKET`: the error numbers of Node.js and undici, where only a message is left of an error. */
function errorNumbersIn(text: string): string[] {
  const numbers = text.slice(0, 2_048).match(/\b(?:E[A-Z]{3,20}|UND_ERR_[A-Z_]{3,40})\b/g)
  return numbers === null ? [] : numbers.map((number) => number.toLowerCase())
}

function plainTextOf({ form, statements }: Body): string {
  return form === 'text' ? (statements.at(-1)?.message ?? '') : ''
}

function finiteNumber(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isFinite(value) ? value : undefined
}
