import { type FailoverEventOf, type FailoverManager, formatTarget } from '../../../index.ts'

interface Log {
  /** From now on what goes wrong is told, a line each. */
  follow(manager: Pick<FailoverManager, 'on'>): void
  readonly internalError: (error: unknown) => void
}

/**
 * What an operator wants to know without asking: failed attempts, who went on with broken streams, what is out and what is
 * back, requests that failed.
 */
export function logTo(output: { write(text: string): unknown }): Log {
  const write = (line: string): void => {
    output.write(`${new Date().toISOString()} ${onOneLine(line)}\n`)
  }
  const spoken = (name: string): string => name.replaceAll('_', ' ')
  return {
    follow(manager) {
      manager.on('attempt_failed', (event) => write(failedAttempt(event)))
      manager.on('cooldown_started', ({ key, reason, until, at, end }) =>
        write(`${key} is out for ${seconds(until - at)} (${reason}; ${end})`),
      )
      manager.on('cooldown_ended', ({ key, by }) => write(`${key} is back (${spoken(by)})`))
      manager.on('recovery_succeeded', ({ requestId, target, resume, durationMs }) =>
        write(`${requestId} ${formatTarget(target)} goes on with it (${resume}, after ${seconds(durationMs)})`),
      )
      manager.on('recovery_diverged', ({ requestId, target, resume, characters }) =>
        write(`${requestId} ${formatTarget(target)} says something else (${resume}, from character ${characters} on)`),
      )
      manager.on('recovery_failed', ({ requestId, cause, disarmedBy }) =>
        write(`${requestId} nobody goes on with it (${spoken(disarmedBy ?? cause)})`),
      )
      manager.on('request_failed', ({ requestId, code, attempts, durationMs }) =>
        write(
          `${requestId} failed: ${code}, ${attempts} ${attempts === 1 ? 'attempt' : 'attempts'} in ${seconds(durationMs)}`,
        ),
      )
    },
    internalError: (error) => write(`internal error: ${error instanceof Error ? error.stack : String(error)}`),
  }
}

function failedAttempt({ requestId, target, failure }: FailoverEventOf<'attempt_failed'>): string {
  const { reason, status, retryAfterMs, message } = failure
  const code = status === undefined ? '' : ` (${status})`
  const hint = retryAfterMs === undefined ? '' : `, come back in ${seconds(retryAfterMs)}`
  return `${requestId} ${formatTarget(target)}: ${reason}${code}${hint}: ${message}`
}

/** Names come from clients: none of them may write a line of its own, or move the cursor of whoever reads the log. */
function onOneLine(text: string): string {
  return text.replace(/[\p{Cc}\p{Zl}\p{Zp}]/gu, (character) => {
    return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`
  })
}

function seconds(ms: number): string {
  return `${(ms / 1_000).toFixed(1)} s`
}
