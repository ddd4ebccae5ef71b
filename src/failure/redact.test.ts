import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { maskSecrets, redactKnown } from './index.ts'
import { KEY_BEGINNING, KEY_LIKE, NAME, NAME_END } from './redact.ts'

const MIXED = 'Zq7.kP2_mN9-tR4+vW8/xB3='
const HEX = '0123456789abcdef0123456789abcdef'
const KEY = '9f8Ab3c4D5e6F7a8B9c0'
const OTHER = 'Zz8Ab3c4D5e6F7a8B9c1'
const UUID = 'fb9c1f2e-0d3a-4b5c-8d7e-9f0a1b2c3d4e'
const LETTERS = 'qWeRtYuIoPaSdFgHjKlZxCvBnMqWeRtYuIoPaSdF'

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
    'GOCSPX-abcdefghijk',
    'bedrock-api-key-YmVkcm9jay5hbWF6b25hd3M+/2NvbQ==',
    'LTAI5tAbcdefGhijklmnOpqr',
    'ltai5tabcdefghijklmnopqr',
    'AKIDabcdefGHIJKLmnopqr0123456789wxyz',
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

  it.each([
    [
      "LiteLLM Virtual Key expected. Received=my-team-key-2024abcdef, expected to start with 'sk-'.",
      "LiteLLM Virtual Key expected. Received=***, expected to start with 'sk-'.",
    ],
    ['Virtual Key expected. Received=hunter, not it', 'Virtual Key expected. Received=***, not it'],
    [`Expected API key to start with "sk-", got "${KEY}"`, 'Expected API key to start with "sk-", got "***"'],
    [`A token is needed, but got: ${KEY}.`, 'A token is needed, but got: ***.'],
    [`Invalid Authentication: ${KEY}`, 'Invalid Authentication: ***'],
    [`invalid api token ${LETTERS}`, 'invalid api token ***'],
    [`API密钥${KEY}无效`, 'API密钥***无效'],
    [`该令牌状态不可用: ${KEY}`, '该令牌状态不可用: ***'],
    [`ak: ${UUID}, sk=${KEY}`, 'ak: ***, sk=***'],
    [`{\\"ak\\":\\"${UUID}\\"}`, '{\\"ak\\":\\"***\\"}'],
    ['client_secret GOCSPX-abcdefghijk is invalid', 'client_secret *** is invalid'],
    ['AccessKeyId=LTAI5tAbcdefGhijklmn', 'AccessKeyId=***'],
    ['Specified access key is not found: LTAI5tAbcdefGhijklmn', 'Specified access key is not found: ***'],
    ['GET https://example.com/v1?user=me&pwd=hunter', 'GET https://example.com/v1?user=me&pwd=***'],
    ['Uid=sa;Pwd=hunter;', 'Uid=sa;Pwd=***;'],
    ['wrong password "correcthorsebattery"', 'wrong password "***"'],
    ["wrong passphrase 'correct horse'", "wrong passphrase '***'"],
  ])('masks what was given in place of a credential, or as one: %s', (text, masked) => {
    expect(maskSecrets(text)).toBe(masked)
  })

  it.each([
    [`rawHeaders: [ 'x-api-key', '${KEY}' ]`, "rawHeaders: [ 'x-api-key', '***' ]"],
    [`[(b'x-api-key', b'${KEY}'), (b'a', b'b')]`, "[(b'x-api-key', b'***'), (b'a', b'b')]"],
    [`{"name":"x-api-key","value":"${KEY}"}`, '{"name":"x-api-key","value":"***"}'],
    ['{"name":"x-api-key", "value": "hunter"}', '{"name":"x-api-key", "value": "***"}'],
    [`{\\"name\\":\\"token\\",\\"value\\":\\"${KEY}\\"}`, '{\\"name\\":\\"token\\",\\"value\\":\\"***\\"}'],
    ["OpenAI(api_key=SecretStr('hunter'))", "OpenAI(api_key=SecretStr('***'))"],
    [`Client(token: SecretStr("${KEY}"))`, 'Client(token: SecretStr("***"))'],
    ["{'api_key': b'hunter'}", "{'api_key': b'***'}"],
    [`{"api_keys":["${KEY}","hunter"],"n":1}`, '{"api_keys":["***","***"],"n":1}'],
    [`API keys: [${KEY}, ${OTHER}]`, 'API keys: [***, ***]'],
    ['{"x-api-key": ["hunter", "battery"]}, "next"', '{"x-api-key": ["***", "***"]}, "next"'],
    ["post(url, auth=('user', 'hunter22pass'))", "post(url, auth=('user', '***'))"],
    ["HTTPBasicAuth('user', 'hunter22pass')", "HTTPBasicAuth('user', '***')"],
    [`curl -u user:${KEY} https://example.com`, 'curl -u user:*** https://example.com'],
    ['curl --user "user:hunter" x', 'curl --user "user:***" x'],
    [`cookie: session=${KEY}; theme=dark`, 'cookie: ***'],
    [`set-cookie: session=${KEY}; Path=/; HttpOnly`, 'set-cookie: ***; HttpOnly'],
    [`{"Cookie":"session=${KEY}","a":1}`, '{"Cookie":"***","a":1}'],
    [`[ 'cookie', 'session=${KEY}' ]`, "[ 'cookie', '***' ]"],
    ['POST https://hooks.slack.com/services/T000/B000/XXXX: 404', 'POST https://hooks.slack.com/services/***: 404'],
    ['https:\\/\\/hooks.slack.com\\/services\\/T000\\/B000\\/XX', 'https:\\/\\/hooks.slack.com\\/services\\/***'],
  ])('masks credentials as programs print them: %s', (text, masked) => {
    expect(maskSecrets(text)).toBe(masked)
  })

  it.each([
    ['bad -----BEGIN PRIVATE KEY----- MIIEvQ+/ abc= -----END PRIVATE KEY----- here', 'bad *** here'],
    ['-----BEGIN RSA PRIVATE KEY-----\\nMIIEvQ\\n-----END RSA PRIVATE KEY-----\\n"', '***\\n"'],
    ['bad -----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXktdjE\ncut', 'bad ***'],
    [
      '-----END PRIVATE KEY----- -----BEGIN PRIVATE KEY-----MIIE -----END PRIVATE KEY----- and',
      '-----END PRIVATE KEY----- *** and',
    ],
  ])('masks private keys to their end: %s', (text, masked) => {
    expect(maskSecrets(text)).toBe(masked)
  })

  it.each([
    'It must begin with -----BEGIN PRIVATE KEY----- and end with -----END PRIVATE KEY-----',
    '该令牌无权使用模型：gpt-4.1-mini-2025-04-14',
    '无效的令牌 (request id: 2025041412345678abcdefgh)',
    "Missing API keys: ['OPENAI_API_KEY', 'ANTHROPIC_API_KEY']",
    'API keys: [see the docs](https://example.com/docs)',
    'Invalid token: InvalidAuthenticationTokenTenantException',
    'A model is needed, got gpt-4.1-mini-2025-04-14',
    'Invalid key. Received Model Group=gpt-4.1-mini-2025-04-14',
    'Expected a key, got none',
    'the password "field" is missing, ask: somebody, at risk: nobody',
    'Cookie: required, cookies are disabled',
    'auth=(none)',
    'curl -u user',
    'Authentication: see https://example.com/docs/authentication2',
  ])('leaves what only resembles those: %s', (text) => {
    expect(maskSecrets(text)).toBe(text)
  })

  it('masks every secret of a text, and nothing twice', () => {
    const text = `api_key=hunter, token "${MIXED}" and Bearer hunter; sk-abcdef123456`
    const masked = 'api_key=***, token "***" and Bearer ***; ***'
    expect(maskSecrets(text)).toBe(masked)
    expect(maskSecrets(masked)).toBe(masked)
  })
})

/** What a pattern matches, whatever stands around it: more than it would find. */
function matchedBy(pattern: RegExp): fc.Arbitrary<string> {
  const assertions = /\(\?<?[=!](?:\\.|\[(?:\\.|[^\]])*\]|\((?:\\.|[^()])*\)|[^()])*\)/g
  return fc.stringMatching(new RegExp(`^(?:${pattern.source.replace(assertions, '')})$`))
}

describe('what tells at once that there is nothing to mask', () => {
  it('lets through everything that begins as keys do', () => {
    fc.assert(
      fc.property(matchedBy(KEY_LIKE), (key) => KEY_BEGINNING.test(key)),
      { numRuns: 5_000 },
    )
  })

  it('lets through every name, but for what counts only behind one', () => {
    const names = matchedBy(NAME).filter((name) => !/^(?:received|got|given)$/.test(name))
    fc.assert(
      fc.property(names, (name) => NAME_END.test(`${name}=`)),
      { numRuns: 5_000 },
    )
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
