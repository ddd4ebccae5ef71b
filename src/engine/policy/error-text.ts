import type { ClassifyInput } from '../../failure/index.ts'
import { isRecord } from '../checks.ts'

/** Status, message and body as one lower-case text: all that the published designs look at. */
export function errorText({ status, body, error }: ClassifyInput): string {
  return [status, body, error]
    .map((part) => textOf(part))
    .join(' ')
    .toLowerCase()
}

function textOf(part: unknown): string {
  if (part === undefined || part === null) return ''
  if (typeof part !== 'object') return String(part)
  if (part instanceof Error) {
    const { status, body } = part as { status?: unknown; body?: unknown }
    return [status, part.message, body].map((inner) => textOf(inner)).join(' ')
  }
  try {
    return isRecord(part) || Array.isArray(part) ? (JSON.stringify(part) ?? '') : ''
  } catch {
    return ''
  }
}
