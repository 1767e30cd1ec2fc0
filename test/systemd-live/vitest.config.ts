import { defineConfig } from 'vitest/config';

// Run by test/systemd-live.sh, inside of the machine it boots. One unit, one port: one test after another.
export default defineConfig({
  cacheDir: '/tmp/vitest',
  test: {
    include: ['test/systemd-live/*.test.ts'],
    pool: 'forks',
    fileParallelism: false,
    testTimeout: 60_000,
    hookTimeout: 60_000,
    reporters: ['verbose'],
  },
});
