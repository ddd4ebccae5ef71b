import { NEXT_STEPS, REASONS, SCOPES } from '../failure/index.ts'
import { boolean, group, list, name, oneOf, text, wholeNumber } from './schema-parts.ts'

const condition = group(
  {
    providers: list(
      text('A provider'),
      'The failure is one of these providers’. Default: any',
      'providers',
    ).exactOptional(),
    status: list(
      wholeNumber({ description: 'An HTTP status', min: 100, max: 599 }),
      "The answer's HTTP status is one of these. Default: any",
      'HTTP statuses',
    ).exactOptional(),
    codes: list(
      text('A code'),
      'Any of these is a machine-readable field of the answer, or names a thrown error. Default: any',
      'codes',
    ).exactOptional(),
    anyOf: list(
      text('A phrase'),
      'Any of these stands in the message. Default: any message',
      'phrases',
    ).exactOptional(),
    allOf: list(text('A phrase'), 'All of these stand in the message. Default: any message', 'phrases').exactOptional(),
    noneOf: list(text('A phrase'), 'None of these stands in the message. Default: none', 'phrases').exactOptional(),
    inStream: boolean('It came inside an answer that had begun with HTTP 200. Default: either', {}).exactOptional(),
  },
  'When it speaks: all that is given must hold. Required',
).refine((when) => Object.keys(when).length > 0, {
  error: 'it must hold at least one of providers, status, codes, anyOf, allOf, noneOf, inStream',
})

const rule = group(
  {
    id: name('Shown as `ruleId`; unique. Required'),
    when: condition,
    reason: oneOf('What the failure is. Required', REASONS),
    scope: oneOf("How far it reaches. Default: the reason's own", SCOPES).exactOptional(),
    nextStep: oneOf("What a request does next. Default: the reason's own", NEXT_STEPS).exactOptional(),
    isRetryable: boolean("The same request may succeed there later. Default: the reason's own", {}).exactOptional(),
    source: text('Where you know it from. Default: none').exactOptional(),
  },
  'A rule of your own. Required',
)

/** Rules of one's own about what failures mean, asked before those of the package. */
export const rulesSchema = list(
  rule,
  'What failures of your providers mean, before the rules of the package. Default: none',
  'rules',
).superRefine((rules, context) => {
  const ids = new Set<unknown>()
  for (const [index, { id }] of rules.entries()) {
    if (ids.has(id)) context.addIssue({ code: 'custom', path: [index, 'id'], message: 'another rule has this id' })
    ids.add(id)
  }
})
