import { defineConfig } from 'vitest/config'

// In a real browser; patient, as a shared machine can be slow.
export default defineConfig({
  test: {
    root: new URL('../..', import.meta.url).pathname,
    include: ['test/workspace/*.test.ts'],
    testTimeout: 600_000,
    hookTimeout: 240_000,
  },
})
