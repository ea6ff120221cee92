import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';
import { filesOfRun } from './test/test-files.ts';

/** Ten times the work that a function has to have done before V8 optimizes it. */
const patientWithWasm = '--wasm-tiering-budget=130000000';

// scripts/run.mjs sets both: `npm run test:long` runs the long files, and categories choose among them or among the others.
const isLong = process.env['TEST_LONG'] === 'true';
const categories = (process.env['TEST_CATEGORIES'] ?? '').split(',').filter((name) => name !== '');

/** The files that take longest, the longest first. A long file that starts late runs on when all others have ended. */
const slow = ['/broken-', 'operations', 'newcomer', 'contract-suite', 'postgresql', 'usage-events', 'mcp/clients', 'database'];

/** Vitest sorts by the durations of the last run. A fresh clone has none, and would sort by the size of the files. */
class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ moduleId }: TestSpecification): number => {
      const index = slow.findIndex((part) => moduleId.includes(part));
      return index === -1 ? slow.length : index;
    };
    return (await super.sort(files)).sort((a, b) => rank(a) - rank(b));
  }
}

export default defineConfig({
  test: {
    include: filesOfRun(isLong, categories),
    exclude: ['**/node_modules/**', '**/dist/**'],
    // Many tests wait for children and for each other's commits: on a small machine one worker for each core would leave it idle.
    // Files of the long run have the machine to themselves, since some of them measure.
    maxWorkers: isLong ? 1 : Math.max(4, availableParallelism()),
    // Test files share no state, so those of a worker can share the modules that they import: loading them again is a third of the time.
    isolate: false,
    sequence: { sequencer: LongestFirst },
    // PGlite is WebAssembly, which V8 would compile a second time, in the background, for longer than most tests run.
    execArgv: [patientWithWasm],
    // Children (a stdio server, a hosted server) start on a machine that may be busy. Only a test that hangs takes this long.
    testTimeout: 120_000,
    expect: { poll: { timeout: 30_000, interval: 20 } },
    // Loading the sources takes a third of a child's start.
    env: { NODE_COMPILE_CACHE: fileURLToPath(new URL('node_modules/.cache/busbar-test/compiled', import.meta.url)) },
    hookTimeout: 120_000,
    coverage: {
      provider: 'v8',
      include: ['packages/*/src/**/*.ts', 'examples/hosted-server/src/**/*.ts'],
      reporter: [['text', { skipFull: true }], 'text-summary', 'html'],
      // Just under the figures of a run with PostgreSQL and Redis. Code that runs only in child processes does not count.
      thresholds: {
        'packages/core/src/**': { lines: 99, branches: 90 },
        'packages/connector-salesforce/src/**': { lines: 96, branches: 85 },
        'packages/connector-sendgrid/src/**': { lines: 99, branches: 95 },
        'packages/connector-zendesk/src/**': { lines: 99, branches: 95 },
        'packages/create-connector/src/**': { lines: 93, branches: 89 },
        'packages/postgres/src/**': { lines: 98, branches: 92 },
        'packages/redis/src/**': { lines: 98, branches: 94 },
        'examples/hosted-server/src/**': { lines: 81, branches: 75 },
      },
    },
  },
});
