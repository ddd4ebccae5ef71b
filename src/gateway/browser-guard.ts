import type { IncomingMessage } from 'node:http'
import { isLoopback } from '../transport/index.ts'
import { Refusal } from './data-plane/refusal.ts'

/**
 * Keeps pages in a browser from spending the keys of a gateway that listens on loopback and knows no clients: they can
 * reach it under a name of their own (DNS rebinding), or send it a simple request from any site. A program sends no
 * `origin`, and names the address it asks.
 *
 * @throws Refusal 403
 */
export function refuseForeignPages({ headers }: IncomingMessage): void {
  const { host, origin } = headers
  if (host !== undefined && !isLocal(`http://${host}`)) throw foreign('host', host)
  if (origin !== undefined && !isLocal(origin)) throw foreign('origin', origin)
}

function isLocal(url: string): boolean {
  return URL.canParse(url) && isLoopback(new URL(url).hostname.replace(/^\[|\]$/g, ''))
}

function foreign(name: string, value: string): Refusal {
  const shown = JSON.stringify(value.slice(0, 100))
  const message = `the ${name} ${shown} is not of this machine; without client keys hotspare answers only to localhost (server.clients)`
  return new Refusal(403, 'foreign_page', message)
}
