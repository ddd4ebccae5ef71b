import { benchCall } from './call.ts'
import { benchChoose } from './choose.ts'
import { benchClassify } from './classify.ts'
import { benchGateway } from './gateway/suite.ts'
import { machine } from './measure.ts'
import { type CommandLine, type Options, parseCommandLine } from './options.ts'
import { benchPolicy } from './policy.ts'
import { benchStreams } from './streams/suite.ts'

const SUITES: Readonly<Record<string, (options: Options) => Promise<void>>> = {
  call: benchCall,
  choose: benchChoose,
  classify: benchClassify,
  gateway: benchGateway,
  policy: benchPolicy,
  streams: benchStreams,
}

const commandLine = understood()
if (commandLine === undefined) {
  process.exitCode = 2
} else {
  const { names, options } = commandLine
  process.stdout.write(`${machine()}\n`)
  for (const [name, suite] of Object.entries(SUITES)) {
    if (names.length === 0 || names.includes(name)) await suite(options)
  }
}

function understood(): CommandLine | undefined {
  try {
    const parsed = parseCommandLine(process.argv.slice(2))
    const unknown = parsed.names.filter((name) => !Object.hasOwn(SUITES, name))
    if (unknown.length === 0) return parsed
    const known = Object.keys(SUITES).join(', ')
    process.stderr.write(`no such benchmark: ${unknown.join(', ')}; there are ${known}\n`)
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`)
  }
  return undefined
}
