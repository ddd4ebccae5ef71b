/** `hotspare/gateway`: a manager behind HTTP, for clients in any language. */
export type { Client } from './data-plane/client-keys.ts'
export { type Gateway, startGateway } from './gateway.ts'
export type { GatewayOptions } from './options.ts'
