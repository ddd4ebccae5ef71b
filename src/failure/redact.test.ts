import { describe, expect, it } from 'vitest'
import { maskSecrets, redactKnown } from './index.ts'

const MIXED = 'Zq7.kP2_mN9-tR4+vW8/xB3='
const HEX = '0123456789abcdef0123456789abcdef'

describe('maskSecrets', () => {
  it.each([
    'sk-proj-abcDEF123456',
    'sk-ant-api03-abc_def-123456',
    'sk-or-v1-0123456789abcdef',
    'sk_live_abcdefgh12345678',
    'sess-abcdefgh12345678',
    'AIzaSyA1234567890abcdefg',
    'AQ.Ab8RN6Kabcdefghij-klmnop_qrstuv',
    'gsk_abcdef123456',
    'xai-abcdef123456',
    'hf_abcdef123456',
    'vck_abcdefgh12345678',
    'tvly-dev-abcdefgh12345678',
    'glpat-abcdefgh12345678_xyz',
    'xoxb-123456789012-abcdefgh',
    'xoxp-123456789012-abcdefgh',
    `dapi${HEX}`,
    `dapi${HEX}-2`,
    'ABSKQmVkcm9ja0FQSUtleS1hYmNkZWZn+/aGlqa2xtbm9w==',
    `bce-v3/ALTAK-abcdefgh12345678/${HEX}`,
    'sk-proj-****************MxYA',
    'aizasya1234567890abcdefghijklmnopqrstu',
    'akia0123456789abcdef',
    'eyjhbgcioijiuzi1nij9.eyjzdwiioijhin0.abc-def',
  ])('masks %s wherever it stands', (key) => {
    expect(maskSecrets(`This "${key}" is bad`)).toBe('This "***" is bad')
    expect(maskSecrets(`The key "${key}" is bad`)).toBe('The key "***" is bad')
    expect(maskSecrets(`first line\\n${key} and%20${key}`)).toBe('first line\\n*** and%20***')
  })

  it.each([
    [`Invalid API key ${MIXED} here`, 'Invalid API key *** here'],
    [`invalid x-api-key ${MIXED}`, 'invalid x-api-key ***'],
    [`The api-key '${MIXED}' is wrong`, "The api-key '***' is wrong"],
    [`apikey \`${MIXED}\``, 'apikey `***`'],
    [`your key is ${MIXED}, and that is all`, 'your key is ***, and that is all'],
    [`The token was "${MIXED}".`, 'The token was "***".'],
    [`Incorrect API key provided (${MIXED})`, 'Incorrect API key provided (***)'],
    [`the secret: ${MIXED}.`, 'the secret: ***.'],
    [`Invalid credentials: ${MIXED}`, 'Invalid credentials: ***'],
    [`password=${MIXED}`, 'password=***'],
    [`Authorization ${MIXED} was refused`, 'Authorization *** was refused'],
    [`{\\"msg\\":\\"bad key \\\\\\"${MIXED}\\\\\\"\\"}`, '{\\"msg\\":\\"bad key \\\\\\"***\\\\\\"\\"}'],
    [`OPENAI_KEY ${MIXED}`, 'OPENAI_KEY ***'],
    [`{"x-api-key": ["${MIXED}"]}`, '{"x-api-key": ["***"]}'],
    [`无效的令牌：${MIXED}`, '无效的令牌：***'],
    ['Your api key: ****cd15 is invalid', 'Your api key: *** is invalid'],
    ['invalid key fb9c1f2e-0d3a-4b5c-8d7e-9f0a1b2c3d4e:abcd', 'invalid key ***'],
  ])('masks what looks like a key right behind the word: %s', (text, masked) => {
    expect(maskSecrets(text)).toBe(masked)
  })

  it.each([
    ['Authorization: Bearer abc.def.ghi, next', 'Authorization: Bearer ***, next'],
    ['{"Authorization": "Bearer hunter"}', '{"Authorization": "Bearer ***"}'],
    ['Authorization: Key hunter', 'Authorization: Key ***'],
    ['Authorization: Token hunter', 'Authorization: Token ***'],
    ['Bearer: hunter', 'Bearer: ***'],
    ['Bearer%20hunter', 'Bearer%20***'],
    ['bearer hunter is unknown', 'bearer *** is unknown'],
    ['{"bearer":"hunter"}', '{"bearer":"***"}'],
    ['Basic dXNlcjpwYXNz', 'Basic ***'],
    ['Basic%20dXNlcjpwYQ==', 'Basic%20***'],
    ['Authorization: Basic hunter', 'Authorization: Basic ***'],
    [`Basic ${MIXED}`, 'Basic ***'],
    ['{"api_key": "secret123"}', '{"api_key": "***"}'],
    ['{"api_key":"hunter","model":"m"}', '{"api_key":"***","model":"m"}'],
    ["{'password': 'correct horse, battery'}", "{'password': '***'}"],
    ['{\\"api_key\\":\\"hunter\\",\\"model\\":1}', '{\\"api_key\\":\\"***\\",\\"model\\":1}'],
    ['{\\\\\\"api_key\\\\\\": \\\\\\"hunter\\\\\\"}', '{\\\\\\"api_key\\\\\\": \\\\\\"***\\\\\\"}'],
    ['{\\"api_key\\":\\"hunter', '{\\"api_key\\":\\"***'],
    ['%22api_key%22%3A%22hunter', '%22api_key%22%3A***'],
    ['api_key&quot;:&quot;hunter&quot;', 'api_key&quot;:&quot;***&quot;'],
    ['aws_secret_access_key=hunter', 'aws_secret_access_key=***'],
    ['client_secret=hunter&grant_type=x', 'client_secret=***&grant_type=x'],
    ['secret: hunter', 'secret: ***'],
    ['password=hunter', 'password=***'],
    ['{"token":"hunter"}', '{"token":"***"}'],
    ['accessToken: hunter', 'accessToken: ***'],
    ['OPENAI_API_KEY=hunter', 'OPENAI_API_KEY=***'],
    ['API key provided: hunter.', 'API key provided: ***.'],
    ['Incorrect API key provided: https://****lETQ.', 'Incorrect API key provided: ***.'],
    ['GET /v1?key=secret123&alt=sse', 'GET /v1?key=***&alt=sse'],
    ['GET /v1?alt=sse&token=secret123', 'GET /v1?alt=sse&token=***'],
    ['GET https://user:hunter@example.com/v1', 'GET https://***@example.com/v1'],
    ['GET https://user:hun@ter@example.com/v1', 'GET https://***@example.com/v1'],
    ['{\\"url\\":\\"https:\\/\\/user:hunter@example.com\\/\\"}', '{\\"url\\":\\"https:\\/\\/***@example.com\\/\\"}'],
    ['postgres://user:hunter@db', 'postgres://***@db'],
  ])('masks what is named a credential, whatever it looks like: %s', (text, masked) => {
    expect(maskSecrets(text)).toBe(masked)
  })

  it.each([
    'task-oriented risk-free: API key not valid. Rate limit reached for gpt-4o in organization org-abc',
    'invalid api key provided',
    'Incorrect API key provided',
    'Invalid API key provided, model gpt-4.1-mini-2025-04-14',
    'API key: please check your settings',
    '{"api_key": null, "token": "required"}',
    "{'api_key': 'Field required'}",
    'token limit exceeded',
    'Unexpected token: } in JSON at position 4096',
    'the token count (12345) exceeds',
    'max_tokens: 4096',
    'prompt token count of 200000 exceeds the limit of 128000',
    "key 'messages' is missing",
    "missing key 'messages.0.content.12.cache_control'",
    'Missing required key: "input"',
    'Authorization: required',
    'Bearer token required',
    'Bearer authentication is missing',
    'The bearer token included in the request is invalid',
    'Send it as `x-api-key` or `?key=`, whatever the dialect; `routes` says more',
    `apiKey: \${OPENAI_API_KEY} or apiKey: { file: keys/openai }`,
    'WWW-Authenticate: Bearer realm="example"',
    'Basic authentication and basic functionality for the Basic plan',
    'Get a token (https://console.example.com/account2/tokens)',
    'You can find your API key at https://platform.openai.com/account/api-keys.',
    'The model `gpt-4.1-mini-2025-04-14` does not exist for this key',
    'claude-sonnet-4-20250514 is overloaded (request id req_011CSHoEeqs5C35K2UUqR7Fy)',
    'see https://example.com/@scope and mail to someone@example.com',
    'the dapi of dapifications, AQ.E.D., ABSK, bce-v3/x',
    'access_token and id_token are not supported: use an api key',
    '***',
    '',
  ])('leaves ordinary words alone: %s', (text) => {
    expect(maskSecrets(text)).toBe(text)
  })

  it('masks every secret of a text, and nothing twice', () => {
    const text = `api_key=hunter, token "${MIXED}" and Bearer hunter; sk-abcdef123456`
    const masked = 'api_key=***, token "***" and Bearer ***; ***'
    expect(maskSecrets(text)).toBe(masked)
    expect(maskSecrets(masked)).toBe(masked)
  })
})

describe('redactKnown', () => {
  it('replaces each secret literally, the longer first, and skips what is too short to be one', () => {
    expect(redactKnown('a$1b a$1bc ab', ['a$1b', 'a$1bc', 'ab', ''])).toBe('*** *** ab')
    expect(redactKnown('nothing here', [])).toBe('nothing here')
  })

  it('masks secrets that overlap as one', () => {
    expect(redactKnown('-abcdefgh-', ['abcdef', 'cdefgh'])).toBe('-***-')
    expect(redactKnown('-abcdabcd-', ['abcd'])).toBe('-******-')
  })

  it.each([
    ['in lower case', 'Zq7.kP2_mN9', 'zq7.kp2_mn9'],
    ['in upper case', 'Zq7.kP2_mN9', 'ZQ7.KP2_MN9'],
    ['with characters that mean something elsewhere', '$&.*+?^(){}|[]\\', '$&.*+?^(){}|[]\\'],
    ['in a URL', 'a+b/c=d e', 'a%2Bb%2Fc%3Dd%20e'],
    ['in a URL with escapes in lower case', 'a+b/c=d e', 'a%2bb%2fc%3dd%20e'],
    ['in JSON', 'a"b\\c\nd', 'a\\"b\\\\c\\nd'],
    ['in JSON with escaped slashes', 'ab/cd', 'ab\\/cd'],
    ['with letters that lower case makes longer', 'İstanbul', 'İstanbul'],
    ['lower-cased to something longer', 'İstanbul', 'İstanbul'.toLowerCase()],
    ['lower-cased by where a letter stands', 'ΑΒΓΣ', 'ΑΒΓΣ'.toLowerCase()],
    ['with half a character', 'ab\ud800cd', 'ab\ud800cd'],
  ])('finds a secret %s', (_, secret, written) => {
    expect(redactKnown(`İ<${written}>ΣİΣ <${written}>İ`, [secret])).toBe('İ<***>ΣİΣ <***>İ')
  })

  it('keeps its place behind every character there is', () => {
    for (let block = 0; block < 0x11_0000; block += 0x1000) {
      const characters = Array.from({ length: 0x1000 }, (_, at) => String.fromCodePoint(block + at)).join('')
      expect(redactKnown(`${characters}<SECRET>${characters}`, ['<secret>'])).toBe(`${characters}***${characters}`)
    }
  })
})
