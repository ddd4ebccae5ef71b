export { SseBlocks } from './sse-blocks.ts'
export { type SseEvent, SseEventReader } from './sse-event.ts'
export { SseParser } from './sse-parser.ts'
