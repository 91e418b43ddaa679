import { defineConfig, mergeConfig } from 'vitest/config';
import whole from './vitest.config.ts';

/** `npm test`: what one runs all day, under two minutes on two cores. `npm run test:all` leaves nothing out. */
export default mergeConfig(
  whole,
  defineConfig({
    test: {
      // What starts whole processes, a browser or a database that is cut off, or waits for one.
      exclude: [
        'test/end-to-end/**',
        'test/browser/**',
        'test/bench/**',
        'test/examples/**',
        'test/cli/journal-compact.test.ts',
        'test/cli/keys/postgres.test.ts',
        'test/cli/locked-down.test.ts',
        'test/cli/nats-server.test.ts',
        'test/cli/provision-nats.test.ts',
        'test/journal/postgres/cut-off.test.ts',
        'test/journal/postgres/shared.test.ts',
        'test/journal/postgres/timeouts.test.ts',
      ],
      env: { CPNS_PROPERTY_RUNS: process.env['CPNS_PROPERTY_RUNS'] ?? '10' },
    },
  }),
);
