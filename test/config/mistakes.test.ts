/* biome-ignore-all lint/suspicious/noTemplateCurlyInString: what the user sees and writes holds ${NAME} */
import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ROOT_PATH } from '../docs/pages.ts'
import { mistakesIn } from './workspace.ts'

/** A sound beginning of four lines, so that each case shows only its own mistake. */
const SOUND = `version: 1
providers:
  openai: { profiles: [{ id: openai:a, apiKey: sk-1 }, { id: openai:b, apiKey: sk-2 }] }
  anthropic: { profiles: [{ id: anthropic:a, apiKey: sk-3 }] }
`
const TOP =
  'version, server, providers, auth, routes, fallbacks, strategy, quotaGroups, learnLimits, contextWindows, history, rotateOnSuccess, policy, rules, retry, budget, wait, cooldown, timeouts, stream, hedge, recovery, health, usage, state'

describe('a mistake is one line with its place, what is wrong and what is allowed:', () => {
  it.each<[kind: string, yaml: string, line: string]>([
    [
      'a strategy that there is not',
      'strategy: fastest',
      '5:11 strategy: "fastest" is not allowed; it must be one of priority, round_robin, weighted, least_busy, lowest_latency',
    ],
    [
      'a detour to a provider that is not there',
      'routes: { a: { primary: gpt-5, contextWindowFallbacks: [gemini/x] } }',
      '5:57 routes.a.contextWindowFallbacks[0]: there is no provider "gemini" under providers; allowed are a route, or provider/model with one of openai, anthropic',
    ],
    [
      'a way with tool calls that there is not',
      'stream: { toolCalls: drop }',
      '5:22 stream.toolCalls: "drop" is not allowed; it must be one of hold, pass',
    ],
    [
      'holding for less than no time',
      'stream: { holdMaxMs: -1 }',
      '5:22 stream.holdMaxMs: -1 is not allowed; it must be a number of at least 0',
    ],
    [
      'holding back for a text',
      'stream: { holdBackMs: soon }',
      '5:23 stream.holdBackMs: "soon" is not allowed; it must be a number of at least 0',
    ],
    [
      'signs of life before anything happened',
      'stream: { keepAliveMs: -5 }',
      '5:24 stream.keepAliveMs: -5 is not allowed; it must be a number of at least 0',
    ],
    [
      'a key of streams that there is not',
      'stream: { holdMs: 5 }',
      '5:11 stream.holdMs: there is no such key; allowed are toolCalls, holdMaxMs, holdBackMs, keepAliveMs',
    ],
    [
      'a recovery that there is not',
      'recovery: { midStream: always }',
      '5:24 recovery.midStream: "always" is not allowed; it must be one of continue, restart, off',
    ],
    [
      'no try at going on',
      'recovery: { maxAttempts: 0 }',
      '5:26 recovery.maxAttempts: 0 is not allowed; it must be a whole number of at least 1',
    ],
    [
      'a negative speed',
      'timeouts: { minCharactersPerSecond: -1 }',
      '5:37 timeouts.minCharactersPerSecond: -1 is not allowed; it must be a number of at least 0',
    ],
    [
      'no time to show a speed in',
      'timeouts: { throughputMs: 0 }',
      '5:27 timeouts.throughputMs: 0 is not allowed; it must be a number of at least 1',
    ],
    [
      'a quota group that nobody is in',
      'quotaGroups: { org-a: { requestsPerMinute: 5 } }',
      '5:23 quotaGroups.org-a: no profile has the quotaGroup "org-a"; there is none',
    ],
    [
      'a limit of no requests',
      'quotaGroups: { org-a: { requestsPerMinute: 0 } }',
      '5:44 quotaGroups.org-a.requestsPerMinute: 0 is not allowed; it must be a whole number of at least 1',
    ],
    [
      'probes in too quick succession',
      'health: { probe: { enabled: true, everyMs: 5 } }',
      '5:44 health.probe.everyMs: 5 is not allowed; it must be a number of at least 100',
    ],
    [
      'a context window of half a token',
      'contextWindows: { gpt-9: 0.5 }',
      '5:26 contextWindows.gpt-9: 0.5 is not allowed; it must be a whole number of at least 1',
    ],
    [
      'a rule that would speak always',
      'rules: [{ id: a, when: {}, reason: billing }]',
      '5:24 rules[0].when: a map is not allowed; it must hold at least one of providers, status, codes, anyOf, allOf, noneOf, inStream',
    ],
    [
      'two rules of one id',
      'rules: [{ id: a, when: { status: [500] }, reason: billing }, { id: a, when: { codes: [x] }, reason: auth }]',
      '5:68 rules[1].id: "a" is not allowed; another rule has this id',
    ],
    [
      'a rule without a reason that there is',
      'rules: [{ id: a, when: { status: [500] }, reason: money }]',
      '5:51 rules[0].reason: "money" is not allowed; it must be one of rate_limit, overloaded, billing, auth, permission, model_not_found, context_length, content_policy, invalid_request, timeout, network, server_error, stream_interrupted, bad_response, canceled, unknown',
    ],
    [
      'a status that there is not',
      'rules: [{ id: a, when: { status: [99] }, reason: auth }]',
      '5:35 rules[0].when.status[0]: 99 is not allowed; it must be a whole number from 100 to 599',
    ],
    ['an unknown key', 'sever: 1', `5:1 sever: there is no such key; allowed are ${TOP}`],
    [
      'an unknown key in a group',
      'retry: { tries: 1 }',
      '5:10 retry.tries: there is no such key; allowed are attempts, minDelayMs, maxDelayMs, jitter, exponential',
    ],
    [
      'a negative number',
      'retry:\n  attempts: -1',
      '6:13 retry.attempts: -1 is not allowed; it must be a whole number of at least 1',
    ],
    ['a ratio above 1', 'retry: { jitter: 2 }', '5:18 retry.jitter: 2 is not allowed; it must be a number from 0 to 1'],
    [
      'a fraction where none can be',
      'wait: { maxQueued: 1.5 }',
      '5:20 wait.maxQueued: 1.5 is not allowed; it must be a whole number of at least 0',
    ],
    [
      'a text instead of a number',
      'wait: { maxMs: 10s }',
      '5:16 wait.maxMs: "10s" is not allowed; it must be a number of at least 0',
    ],
    [
      'a longest below the shortest',
      'cooldown: { rateLimit: { minMs: 10, maxMs: 5 } }',
      '5:44 cooldown.rateLimit.maxMs: 5 is not allowed; it must not be less than minMs (10)',
    ],
    [
      'a shortest above the default longest',
      'retry: { minDelayMs: 50000 }',
      '5:22 retry.minDelayMs: 50000 is not allowed; it must not be more than maxDelayMs (30000)',
    ],
    [
      'an empty value',
      'budget:',
      '5:8 budget: an empty value is not allowed; it must be a map with the keys maxAttempts',
    ],
    [
      'a port that is none',
      'server: { port: 70000 }',
      '5:17 server.port: 70000 is not allowed; it must be a whole number from 0 to 65535',
    ],
    [
      'a policy that is none',
      'policy: mine',
      '5:9 policy: "mine" is not allowed; it must be one of evidence, rsclaw, praisonai',
    ],
    [
      'a missing environment variable',
      'server: { adminKey: "${ADMIN_KEY}" }',
      '5:21 server.adminKey: the environment variable ADMIN_KEY is not set or empty; set it, or write ${ADMIN_KEY:-default}',
    ],
    [
      'a variable that is written wrongly',
      'server: { host: "${HOST" }',
      '5:17 server.host: here "${" begins no variable; allowed are ${NAME} and ${NAME:-default}, and $${ for a "${" as such',
    ],
    [
      'an order that names a profile of another provider',
      'auth: { order: { openai: [openai:b, anthropic:a] } }',
      '5:37 auth.order.openai[1]: "anthropic:a" is a profile of anthropic; allowed are openai:a, openai:b',
    ],
    [
      'an order that names an unknown profile',
      'auth: { order: { openai: [openai:c] } }',
      '5:27 auth.order.openai[0]: there is no profile "openai:c"; allowed are openai:a, openai:b',
    ],
    [
      'an order that names a profile twice',
      'auth: { order: { openai: [openai:a, openai:a] } }',
      '5:37 auth.order.openai[1]: "openai:a" is named twice; each profile may be named once',
    ],
    [
      'an order of an unknown provider',
      'auth: { order: { opnai: [] } }',
      '5:18 auth.order.opnai: there is no provider "opnai"; allowed are openai, anthropic',
    ],
    [
      'a route to an unknown provider',
      'routes:\n  smart:\n    primary: acme/x',
      '7:14 routes.smart.primary: there is no provider "acme" under providers; allowed are a route, or provider/model with one of openai, anthropic',
    ],
    [
      'a fallback to a provider that is not there',
      'fallbacks: [gpt-5, gemini-3-pro]',
      '5:20 fallbacks[1]: "gemini-3-pro" is no route, and as a model it is of the provider "gemini", which is not under providers; allowed are a route, or provider/model with one of openai, anthropic',
    ],
    [
      'a reference without a model',
      'fallbacks: [openai]',
      '5:13 fallbacks[0]: "openai" names a provider without a model; write openai/MODEL, or give one of its profiles a model',
    ],
    [
      'a route without a primary',
      'routes: { smart: { fallbacks: [openai/gpt-5] } }',
      '5:18 routes.smart.primary: it is missing; it must be a text that is not empty',
    ],
    [
      'a fallback circle',
      'routes:\n  a: { primary: openai/x, fallbacks: [b] }\n  b: { primary: openai/y, fallbacks: [c] }\n  c: { primary: b }',
      '8:17 routes.c.primary: the fallbacks go round in a circle: b → c → b; a route may not lead back to itself',
    ],
    [
      'a route that is its own primary',
      'routes: { gpt-5: { primary: gpt-5 } }',
      '5:29 routes.gpt-5.primary: the fallbacks go round in a circle: gpt-5 → gpt-5; a route may not lead back to itself',
    ],
    [
      'a client with a route that is not there',
      'routes: { smart: { primary: openai/gpt-5 } }\nserver: { clients: [{ name: web, key: k, routes: [smrt] }] }',
      '6:51 server.clients[0].routes[0]: there is no route "smrt"; allowed are smart',
    ],
    [
      'two clients of one name',
      'server: { clients: [{ name: web, key: k }, { name: web, key: l }] }',
      '5:52 server.clients[1].name: "web" is also the name of another client; each may be there once',
    ],
    [
      'two clients with one key',
      'server: { clients: [{ name: a, key: k }, { name: b, key: k }] }',
      '5:58 server.clients[1].key: another client has the same key; each must have its own',
    ],
    ['another version', 'version: 2', '5:1 (file): this key is here twice; each key may stand in a map once'],
    [
      'an alias without anchor',
      'fallbacks: *these',
      '5:12 fallbacks: this alias (*) leads nowhere: there is no anchor (&) of this name in front of it',
    ],
  ])('%s', (_kind, yaml, line) => {
    expect(mistakesIn(`${SOUND}${yaml}\n`)).toContain(`hotspare.yaml:${line}`)
  })

  it.each<[key: string, yaml: string, line: string]>([
    ['workers', 'server: { workers: 4 }', '5:20 server.workers: 4 is not supported yet; allowed now: 1'],
    ['hedge', 'hedge: { enabled: true }', '5:19 hedge.enabled: true is not supported yet; allowed now: false'],
    ['usage', 'usage: ask', '5:8 usage: "ask" is not supported yet; allowed now: passive'],
    ['state', 'state: { kind: redis }', '5:16 state.kind: "redis" is not supported yet; allowed now: memory'],
    ['state.url', 'state: { url: "redis://x" }', '5:15 state.url: "redis://x" is not supported yet; leave it out'],
  ])('what is to come (%s)', (_key, yaml, line) => {
    expect(mistakesIn(`${SOUND}${yaml}\n`)).toEqual([`hotspare.yaml:${line}`])
  })

  it.each<[kind: string, provider: string, lines: readonly string[]]>([
    [
      'an unknown name without dialect and address',
      'acme: {}',
      [
        '2:9 providers.acme.dialect: it is missing; "acme" is not a well-known provider, so it must be openai or anthropic',
        '2:9 providers.acme.baseUrl: it is missing; it must be a URL such as https://api.example.com/v1',
      ],
    ],
    [
      'a dialect to come',
      'openai: { dialect: gemini, baseUrl: "https://x.test" }',
      ['2:22 providers.openai.dialect: "gemini" is not supported yet; allowed now: openai, anthropic'],
    ],
    [
      'a prefill that is neither yes nor no',
      'openai: { prefill: sometimes }',
      ['2:22 providers.openai.prefill: "sometimes" is not allowed; it must be true, false or a list of model ids'],
    ],
    [
      'a prefill for no text',
      'openai: { prefill: [gpt-5, 7] }',
      ['2:22 providers.openai.prefill: a list is not allowed; it must be true, false or a list of model ids'],
    ],
    [
      'a prefill for a pattern',
      'openai: { prefill: [gpt-5, "gpt-*-mini"] }',
      [
        '2:30 providers.openai.prefill[1]: "gpt-*-mini" is not allowed; it must be a model id without white space; * may stand at its end',
      ],
    ],
    [
      'an address that is none',
      'openai: { baseUrl: "ftp://user:secret@x.test" }',
      ['2:22 providers.openai.baseUrl: this address is not allowed; it must begin with https:// or http://'],
    ],
    [
      "a profile's address that is none",
      'openai: { profiles: [{ id: a:b, baseUrl: nowhere }] }',
      [
        '2:44 providers.openai.profiles[0].baseUrl: this address is not allowed; it must be a URL such as https://api.example.com/v1',
      ],
    ],
    [
      'a header that is not for the user',
      'openai: { headers: { host: x } }',
      ['2:30 providers.openai.headers.host: this header is not allowed; this header is written by the transport'],
    ],
    [
      'a duplicate profile id',
      'openai: { profiles: [{ id: a:b, apiKey: k }, { id: a:b, apiKey: l }] }',
      [
        '2:54 providers.openai.profiles[1].id: "a:b" is also the id of providers.openai.profiles[0]; each may be there once',
      ],
    ],
    [
      'a key of no known form',
      'openai: { profiles: [{ id: a:b, apiKey: { envv: X } }] }',
      [
        '2:43 providers.openai.profiles[0].apiKey: a map is not allowed; it must be a text, { env: NAME }, { file: PATH, ttlMs } or { command: [PROGRAM, ARGUMENT, …], ttlMs }',
      ],
    ],
    [
      'a key whose file is not there',
      'openai: { profiles: [{ id: a:b, apiKey: { file: key.txt } }] }',
      [
        '2:51 providers.openai.profiles[0].apiKey.file: there is no such file; it must be the path of a file that holds the key alone',
      ],
    ],
    [
      'a key whose variable is not set',
      'openai: { profiles: [{ id: a:b, apiKey: { env: KEY } }] }',
      [
        '2:50 providers.openai.profiles[0].apiKey.env: the environment variable KEY is not set or empty; set it, or write ${KEY:-default}',
      ],
    ],
    ...['OPENAI_API_KEY', 'ANTHROPIC_API_KEY', 'OPENAI_API_KEY_2', 'SECRET_TOKEN', 'ADMIN_PASSWORD'].map(
      (name): [string, string, readonly string[]] => [
        `a key whose variable ${name} is not set`,
        `openai: { profiles: [{ id: a:b, apiKey: "\${${name}}" }] }`,
        [
          `2:43 providers.openai.profiles[0].apiKey: the environment variable ${name} is not set or empty; set it, or write \${${name}:-default}`,
        ],
      ],
    ),
    [
      'a key where the name of its variable belongs',
      'openai: { profiles: [{ id: a:b, apiKey: "${sk_live_4eC39HqLyjWDarjtT1zdp7dc}" }] }',
      [
        '2:43 providers.openai.profiles[0].apiKey: the environment variable *** is not set or empty; set it, or write ${***:-default}',
      ],
    ],
  ])('of a provider: %s', (_kind, provider, lines) => {
    expect(mistakesIn(`providers:\n  ${provider}\n`)).toEqual(lines.map((line) => `hotspare.yaml:${line}`))
  })

  it.each<[kind: string, yaml: string, lines: readonly string[]]>([
    ['a tab', 'providers:\n\topenai: {}', ['2:1 (file): a tab indents this line; YAML is indented with spaces']],
    [
      'a bracket that is not closed',
      'fallbacks: [a',
      ['1:14 (file): the indentation is wrong, or a [ or { is not closed'],
    ],
    [
      'a quote that is not closed',
      'a: 1\nb: "x',
      ['2:6 (file): a closing quote, bracket, comma, colon or space is missing'],
    ],
    [
      'a colon too many',
      'strategy: priority: x',
      ['1:11 (file): there is a second ": " in this line, or its indentation is wrong; put a text with ": " in quotes'],
    ],
    ['an empty file', '', [`1:1 (file): an empty value is not allowed; it must be a map with the keys ${TOP}`]],
    ['no providers', 'version: 1', ['1:1 providers: it is missing; it must be a map of providers by name']],
  ])('of the file: %s', (_kind, yaml, lines) => {
    expect(mistakesIn(yaml)).toEqual(lines.map((line) => `hotspare.yaml:${line}`))
  })
})

describe('mistakes', () => {
  it('are told all in one go, sorted by place, each place once', () => {
    const yaml = `version: 1
providers:
  openai:
    profiles:
      - { id: openai:a, apiKey: \${KEY_A} }
      - { id: openai:a, apiKey: sk-2, priority: high }
routes:
  smart: { primary: openai/gpt-5, fallbacks: [fast] }
  fast: { primary: acme/x, fallbacks: [smart] }
retry: { attempts: -1 }
sever: {}
`
    expect(mistakesIn(yaml).map((line) => line.slice(0, line.indexOf(': ')))).toEqual([
      'hotspare.yaml:5:33 providers.openai.profiles[0].apiKey',
      'hotspare.yaml:6:15 providers.openai.profiles[1].id',
      'hotspare.yaml:6:49 providers.openai.profiles[1].priority',
      'hotspare.yaml:9:20 routes.fast.primary',
      'hotspare.yaml:9:40 routes.fast.fallbacks[0]',
      'hotspare.yaml:10:20 retry.attempts',
      'hotspare.yaml:11:1 sever',
    ])
  })

  it('are found in JSON, indented with tabs', () => {
    const json = '{\n\t"providers": {\n\t\t"openai": {}\n\t},\n\t"wait": { "maxMs": -1 }\n}'
    expect(mistakesIn(json)).toEqual([
      'hotspare.yaml:5:21 wait.maxMs: -1 is not allowed; it must be a number of at least 0',
    ])
  })

  it('let equal priorities be', () => {
    const profiles = '[{ id: openai:a, apiKey: k, priority: 1 }, { id: openai:b, apiKey: l, priority: 1 }]'
    expect(mistakesIn(`providers: { openai: { profiles: ${profiles} } }`)).toEqual([])
  })

  it('are told of a file that grows without end, too', () => {
    const levels = Array.from(
      { length: 20 },
      (_, level) => `l${level + 1}: &l${level + 1} [${Array(9).fill(`*l${level}`).join(', ')}]`,
    )
    expect(mistakesIn(`l0: &l0 [x]\n${levels.join('\n')}\n`)).toContainEqual(
      expect.stringMatching(/^hotspare\.yaml:\d+:\d+ \(file\): there are too many values, or they lie too deep$/),
    )
    expect(mistakesIn('fallbacks: &a [*a]')).toContainEqual(
      'hotspare.yaml:1:16 fallbacks[0]: this alias (*) leads nowhere: it stands for something that holds it',
    )
  })

  it('are all that comes of a damaged file', () => {
    const whole = readFileSync(`${ROOT_PATH}examples/hotspare.yaml`, 'utf8')
    const place = fc.nat(whole.length)
    const piece = fc.oneof(
      fc.string({ maxLength: 5 }),
      fc.constantFrom(
        '{',
        '}',
        '[',
        ']',
        ': ',
        '\n',
        '  ',
        '\t',
        '*',
        '&',
        '!',
        '"',
        '${',
        '- ',
        '|',
        '>',
        '%',
        '?',
        '<<: ',
      ),
    )
    fc.assert(
      fc.property(place, fc.nat(20), piece, (at, cut, insert) => {
        const lines = mistakesIn(whole.slice(0, at) + insert + whole.slice(at + cut))
        for (const line of lines) expect(line).toMatch(/^hotspare\.yaml:[1-9]\d*:[1-9]\d* \S.*: \S.*$/)
      }),
      { numRuns: 500 },
    )
  })
})
