import { defineConfig } from 'vitest/config';

// What users install, from the tarball npm publishes: `npm run test:package`, after `npm run prebuild`. It
// installs packages and compiles, and is no part of `npm test`.
export default defineConfig({
  test: {
    include: ['test/package/*.test.ts'],
    globalSetup: ['test/package/pack.ts'],
    pool: 'forks',
    maxWorkers: 2,
    testTimeout: 60_000,
    hookTimeout: 300_000,
  },
});
