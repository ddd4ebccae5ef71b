export { type AnswerTrail, type DisarmedBy, Diverged, type ResumeMode } from './answer-trail.ts'
