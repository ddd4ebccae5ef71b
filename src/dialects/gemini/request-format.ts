import { BindingList, idOf, present, signatureOf } from '../binding-list.ts'
import { asObject, countIn, type JsonObject, objectsIn } from '../json.ts'
import type { RequestBody } from '../request-body.ts'
import type { Binding, JsonPath, RequestFormat, SessionGuess } from '../request-format.ts'
import { beginningOf, begunSession, textOf } from '../session.ts'

/** Files that were uploaded to the API; others are where anybody with the right can fetch them. */
const UPLOADED_FILE = /^https:\/\/generativelanguage\.googleapis\.com\/|^files\//
/** JSON of protocol buffers may be spelt either way: https://protobuf.dev/programming-guides/json */
const SIGNATURE_KEYS = ['thoughtSignature', 'thought_signature']

/** What requests for Gemini's generateContent tell. */
export const generateContentRequests: RequestFormat = {
  members: [
    'systemInstruction',
    'system_instruction',
    'contents',
    'generationConfig',
    'generation_config',
    'cachedContent',
    'cached_content',
  ],
  marks: ['fileData', 'file_data', ...SIGNATURE_KEYS],
  sessionOf,
  bindingsOf,
  removalsOf,
  maxOutputTokensOf,
  keepsAnswer: () => false,
  answerIdOf: () => undefined,
  bindingIdsOf,
}

/** The dialect has no field for it. */
function sessionOf(body: RequestBody): SessionGuess | undefined {
  const system = body.member('systemInstruction') ?? body.member('system_instruction')
  const beginning = beginningOf(body.items('contents'), textOf(partsOf(system)), (content) => {
    const role = asObject(content)?.role
    return role === 'user' || role === undefined ? { role: 'user', content: partsOf(content) } : undefined
  })
  return beginning && begunSession(beginning)
}

/**
 * - `cachedContent` and uploaded files belong to a project: https://ai.google.dev/gemini-api/docs/caching,
 *   https://ai.google.dev/gemini-api/docs/files
 * - `thoughtSignature`: only the vendor can read it: https://ai.google.dev/gemini-api/docs/thought-signatures
 */
function bindingsOf(body: RequestBody): readonly Binding[] {
  const bindings = new BindingList()
  const cached = body.member('cachedContent') ?? body.member('cached_content')
  bindings.add('cachedContent', idOf(cached), 'quota_group')
  for (const [, content] of body.markedItems('contents')) {
    for (const part of partsOf(content)) {
      const file = asObject(part.fileData) ?? asObject(part.file_data)
      const uri = file?.fileUri ?? file?.file_uri
      if (typeof uri === 'string' && UPLOADED_FILE.test(uri)) bindings.add('fileUri', idOf(uri), 'quota_group')
      bindings.add('thoughtSignature', signatureIn(part), 'vendor', true)
    }
  }
  return bindings.all
}

function removalsOf(body: RequestBody, kinds: readonly string[]): readonly JsonPath[] {
  const paths: JsonPath[] = []
  if (!kinds.includes('thoughtSignature')) return paths
  for (const [index, content] of body.markedItems('contents')) {
    const parts = asObject(content)?.parts
    if (!Array.isArray(parts)) continue
    for (const [place, part] of parts.entries()) {
      for (const key of SIGNATURE_KEYS) {
        if (asObject(part)?.[key] !== undefined) paths.push(['contents', index, 'parts', place, key])
      }
    }
  }
  return paths
}

function maxOutputTokensOf(body: RequestBody): number | undefined {
  const config = asObject(body.member('generationConfig') ?? body.member('generation_config'))
  return countIn(config?.maxOutputTokens ?? config?.max_output_tokens)
}

function bindingIdsOf(event: unknown): readonly string[] {
  const candidates = objectsIn(asObject(event)?.candidates)
  return present(...candidates.flatMap(({ content }) => partsOf(content).map(signatureIn)))
}

function partsOf(content: unknown): readonly JsonObject[] {
  return objectsIn(asObject(content)?.parts)
}

function signatureIn(part: JsonObject): string | undefined {
  return signatureOf(part.thoughtSignature) ?? signatureOf(part.thought_signature)
}
