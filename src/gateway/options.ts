import { checkNumber, checkRecord, checkText, FailoverManager, isRecord } from '../engine/index.ts'
import { invalidOption } from '../failure/index.ts'
import { HttpProviders } from '../http/index.ts'
import { isLoopback } from '../transport/index.ts'
import type { Client } from './data-plane/client-keys.ts'

/** What a gateway is made of. */
export interface GatewayOptions {
  /** Who decides. Its registry must be one of `httpProviders()`; only providers in it can be asked for. */
  readonly manager: FailoverManager
  /** Where it listens. Default `127.0.0.1`. Another address than loopback needs `clients`. */
  readonly host?: string
  /** Default 4000; 0 takes a free one. */
  readonly port?: number
  /** Who may ask. Default: everybody who reaches the address. */
  readonly clients?: readonly Client[]
  /** The largest request body, bytes, decoded; at least 1. Default 33 554 432. */
  readonly maxBodyBytes?: number
  /** How long running requests are given when it closes, milliseconds. Default 30 000. */
  readonly drainMs?: number
  /**
   * Milliseconds between signs of life while a client waits for a stream's first content; 0 sends none. Once one was sent
   * the status is 200, and errors go in the stream. Default 0.
   */
  readonly keepAliveMs?: number
  /** Listen on a public address without client keys: whoever reaches it spends your quota. Default false. */
  readonly isInsecureAllowed?: boolean
  /** Told of faults of the gateway itself, which must not happen; the client gets a 500. Default: nobody is. */
  readonly onInternalError?: (error: unknown) => void
}

export interface GatewaySettings extends Required<Omit<GatewayOptions, 'isInsecureAllowed'>> {
  readonly registry: HttpProviders
}

const KEYS = [
  'manager',
  'host',
  'port',
  'clients',
  'maxBodyBytes',
  'drainMs',
  'keepAliveMs',
  'isInsecureAllowed',
  'onInternalError',
]

/** @throws FailoverError `INVALID_OPTION`, naming the option, its value and what is allowed */
export function parseGatewayOptions(options: GatewayOptions): GatewaySettings {
  checkRecord('', options, KEYS)
  const {
    manager,
    host = '127.0.0.1',
    port = 4000,
    clients = [],
    maxBodyBytes = 32 * 1024 * 1024,
    drainMs = 30_000,
    keepAliveMs = 0,
    isInsecureAllowed = false,
    onInternalError = () => {},
  } = options
  if (!(manager instanceof FailoverManager)) throw invalidOption('manager', manager, 'it must be a FailoverManager')
  const { registry } = manager
  if (!(registry instanceof HttpProviders))
    throw invalidOption('manager.registry', registry, 'it must be made by httpProviders()')
  checkText('host', host)
  checkNumber('port', port, { max: 65_535, integer: true })
  checkNumber('maxBodyBytes', maxBodyBytes, { min: 1, integer: true })
  checkNumber('drainMs', drainMs)
  checkNumber('keepAliveMs', keepAliveMs)
  checkClients(clients, Object.keys(manager.config.routes))
  if (!isLoopback(host) && clients.length === 0 && !isInsecureAllowed) throw invalidOption('host', host, PUBLIC)
  return { manager, registry, host, port, clients, maxBodyBytes, drainMs, keepAliveMs, onInternalError }
}

const PUBLIC =
  'an address that others can reach needs client keys, or everybody spends your quota; allowed without: 127.0.0.1, ::1, localhost'

function checkClients(clients: readonly Client[], routes: readonly string[]): void {
  if (!Array.isArray(clients)) throw invalidOption('clients', clients, 'it must be an array of clients')
  const keys = new Set<string>()
  for (const [index, client] of clients.entries()) {
    const path = `clients[${index}]`
    if (!isRecord(client)) throw invalidOption(path, client, 'it must be an object with name and key')
    checkRecord(path, client, ['name', 'key', 'routes'])
    checkText(`${path}.name`, client.name)
    checkText(`${path}.key`, client.key)
    if (client.routes !== undefined) checkRoutes(`${path}.routes`, client.routes, routes)
    if (keys.has(client.key)) throw invalidOption(`${path}.key`, client.key, 'another client has the same key')
    keys.add(client.key)
  }
}

function checkRoutes(path: string, named: unknown, routes: readonly string[]): void {
  if (!Array.isArray(named)) throw invalidOption(path, named, 'it must be an array of route names')
  for (const [index, name] of named.entries()) {
    if (!routes.includes(name))
      throw invalidOption(
        `${path}[${index}]`,
        name,
        `there is no such route; there are: ${routes.join(', ') || 'none'}`,
      )
  }
}
