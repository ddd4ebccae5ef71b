export { type AnswerTrail, type DisarmedBy, Diverged, type ResumeMode } from './answer-trail.ts'
export { DeliveredText, MAX_DELIVERED_CHARACTERS } from './delivered-text.ts'
export { type PlainEvents, PlainTrail } from './plain-trail.ts'
export { ECHO_CHARACTERS, prefillOf, TextSeam } from './text-seam.ts'
