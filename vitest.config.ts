import { defineConfig } from 'vitest/config'
import { CountReporter } from './test/support/count-reporter.ts'

export default defineConfig({
  test: {
    include: ['src/**/*.test.ts', 'test/**/*.test.ts'],
    reporters: ['default', new CountReporter()],
    maxConcurrency: 64,
    testTimeout: 60_000,
    hookTimeout: 30_000,
  },
})
