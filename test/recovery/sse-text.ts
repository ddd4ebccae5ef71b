import { createParser } from 'eventsource-parser'

/** Where the events of a stream end: behind each blank line, in bytes. */
export function bordersIn(bytes: Buffer): number[] {
  const ends = bytes.toString('latin1').matchAll(/\r?\n\r?\n/g)
  return Array.from(ends, ({ 0: blank, index }) => index + blank.length)
}

/** The JSON events in these bytes; what is not ended by a blank line is none. */
export function eventsIn(bytes: Buffer): object[] {
  const events: object[] = []
  const parser = createParser({
    onEvent: ({ data }) => {
      if (data !== '[DONE]') events.push(JSON.parse(data))
    },
  })
  parser.feed(bytes.toString('utf8'))
  return events
}

/** Behind the last whole event: one that lacks nothing but its end? */
export function unendedEvent(bytes: Buffer): object | undefined {
  const [, data = ''] = /(?:^|\n)data: ?(.*?)\r?\n?\r?$/.exec(bytes.toString('utf8')) ?? []
  try {
    return data === '[DONE]' ? undefined : JSON.parse(data)
  } catch {
    return undefined
  }
}
