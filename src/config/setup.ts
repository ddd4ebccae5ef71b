import type { FailoverOptions } from '../engine/index.ts'
import { Profile } from '../engine/index.ts'
import type { HttpProvidersOptions } from '../http/index.ts'

/** Who may use the gateway. */
interface ClientSettings {
  readonly name: string
  readonly key: string
  /** Default: everything. */
  readonly routes?: readonly string[]
}

/** What the gateway itself is told, with every default filled in. */
export interface ServerSettings {
  readonly host: string
  readonly port: number
  /** Milliseconds that running requests are given at the end. */
  readonly drainMs: number
  readonly maxBodyBytes: number
  /** Milliseconds between signs of life while a client waits for the first content; 0 sends none. */
  readonly keepAliveMs: number
  readonly adminKey?: string
  readonly clients: readonly ClientSettings[]
}

export const DEFAULT_SERVER: ServerSettings = {
  host: '127.0.0.1',
  port: 4000,
  drainMs: 30_000,
  maxBodyBytes: 32 * 1024 * 1024,
  keepAliveMs: 0,
  clients: [],
}

/** A profile that stands in the configuration but is not to be used. */
export interface DisabledProfile {
  readonly id: string
  readonly reason: string
}

const INSPECT = Symbol.for('nodejs.util.inspect.custom')
const MASK = '***'

/** A configuration ready for use. Its parts hold keys; its JSON and its inspection hold none. */
export class Setup {
  readonly failover: Omit<FailoverOptions, 'registry' | 'clock' | 'random'>
  readonly http: HttpProvidersOptions
  readonly server: ServerSettings
  readonly disabled: readonly DisabledProfile[]

  constructor(
    failover: Setup['failover'],
    http: HttpProvidersOptions,
    server: ServerSettings,
    disabled: readonly DisabledProfile[],
  ) {
    this.failover = failover
    this.http = http
    this.server = server
    this.disabled = disabled
  }

  toJSON(): object {
    const { failover, http, server, disabled } = this
    const { adminKey, clients, ...shown } = server
    return {
      failover: { ...failover, profiles: failover.profiles?.map((profile) => new Profile(profile).toJSON()) },
      http: {
        providers: Object.entries(http.providers ?? {}).map(([name, { headers, ...rest }]) => ({
          name,
          ...rest,
          ...(headers !== undefined && { headers: Object.keys(headers) }),
        })),
      },
      server: {
        ...shown,
        ...(adminKey !== undefined && { adminKey: MASK }),
        clients: clients.map((client) => ({ ...client, key: MASK })),
      },
      disabled,
    }
  }

  [INSPECT](): object {
    return this.toJSON()
  }
}
