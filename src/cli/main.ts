#!/usr/bin/env node
// No static import of anything else: an older Node must get as far as this line, and no further.
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)

if (major < 22 || (major === 22 && minor < 19)) {
  process.stderr.write(`hotspare needs Node.js 22.19 or newer; this is ${process.versions.node}\n`)
  process.exitCode = 2
} else {
  // Whoever reads the output may stop reading (`| head`): that is no error of ours.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 1))
  const { runProgram } = await import('./program.ts')
  process.exitCode = await runProgram(process.argv.slice(2))
}
