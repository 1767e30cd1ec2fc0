import { defineConfig } from 'vitest/config';

// The tests run what is built (dist/, build/): `npm test` builds first. Each integration test owns its
// processes and its ports (the kernel chooses them), so files may run beside each other.
export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    exclude: ['test/package/**', 'test/systemd-live/**'],
    globalSetup: ['test/helpers/runtime-directory.ts'],
    setupFiles: ['test/helpers/own-runtime-directory.ts'],
    pool: 'forks',
    maxWorkers: 2,
    testTimeout: 30_000,
    hookTimeout: 30_000,
    reporters: ['default'],
  },
});
