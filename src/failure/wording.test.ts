import { describe, expect, it } from 'vitest'
import { openingOf } from './preamble.ts'
import { readWording } from './wording.ts'

const wordingOf = (message: string): string => readWording(message).text

describe('wordingOf', () => {
  it.each([
    ["Invalid value: 'credit balance is too low'. Supported: 'a', 'b'.", 'invalid value: …. supported: …, ….'],
    ['The model `gpt-5` does not exist', 'the model … does not exist'],
    ['Say “no credit” or ‘it’s gone’ «now»', 'say … or … …'],
    ["The model's account’s limit isn't 5\"", "the model's account’s limit isn't 5\""],
    ["Invalid: 'the users' credit balance', sorry", 'invalid: …, sorry'],
    ['Invalid: "say \\"no credit\\" twice" now', 'invalid: … now'],
    ["Invalid: 'cut short and never", 'invalid: …'],
    ["无效的值'incorrect api key'请检查", '无效的值…请检查'],
    ['messages.0.content.1.text: your credit balance is too low', ''],
    ['messages[3].content: rate limit', ''],
    ['body.messages.0.content: rate limit', ''],
    ['400 tools.0.custom.input_schema: rate limit', '400 '],
    ['prompt is too long: 3 tokens > 2 maximum', 'prompt is too long: 3 tokens > 2 maximum'],
    ["Error code: 400 - {'error': {'message': 'Credit low', 'type': 'x'}}", 'error code: 400 - credit low'],
    ['{"error":{"message":"Bad value: \'rate limit\'", "code', 'bad value: …'],
  ])('%j is %j', (message, wording) => {
    expect(wordingOf(message)).toBe(wording)
  })

  it('takes linear time', () => {
    const started = performance.now()
    for (const unit of ["'", "' ", " '", "'a' b' ", '"\\', '`a`b` ', '"message":\'', '\\', 'messages.0', '“a”']) {
      openingOf(wordingOf(unit.repeat(200_000)))
      openingOf(wordingOf(`{"${unit.repeat(200_000)}`))
    }
    expect(performance.now() - started).toBeLessThan(2_000)
  })
})
