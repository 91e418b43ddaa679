import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: ['test/postgres/setup.ts'],
    pool: 'forks',
    maxWorkers: 3,
    // A worker keeps what it has loaded for the next file: 240 times loading it anew is a minute of ten.
    isolate: false,
    // No test depends on how fast the machine is: all limits are there so that a hang ends, and those within a test before its own.
    testTimeout: 120_000,
    hookTimeout: 120_000,
    expect: { poll: { timeout: 60_000 } },
  },
});
