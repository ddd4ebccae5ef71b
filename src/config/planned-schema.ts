/** Keys of features that are not there yet: parsed, and allowed only with what stands for how it is today. */
import { group, notYet, oneOf, onlyNow } from './schema-parts.ts'

export const hedgeSchema = group(
  {
    enabled: onlyNow('Ask a second target where the first is slow', false).exactOptional(),
    afterMs: onlyNow('Milliseconds until then', 'auto').exactOptional(),
    maxRatio: onlyNow('Share of requests, 0 to 1', 0.05).exactOptional(),
  },
  'A second request at the same time',
)

export const stateSchema = group(
  {
    kind: oneOf('Where health is kept', ['memory'], {
      planned: ['file', 'redis'],
      default: 'memory',
    }).exactOptional(),
    path: notYet('The file').exactOptional(),
    url: notYet('The address of Redis').exactOptional(),
  },
  'Where health is kept',
)
