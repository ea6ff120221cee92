import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** Ten times the work that a function has to have done before V8 optimizes it. */
const patientWithWasm = '--wasm-tiering-budget=130000000';

/** What takes longest, the longest first. Begun late, such a file would run on when all others have ended. */
const long = [
  '/chaos/',
  'npm-create',
  'operations',
  'newcomer',
  'contract-suite',
  '/broken-',
  'migrate-database',
  'metering/crash',
  'scaffold',
];

/** Vitest goes by what it knows of the last run. A fresh clone has had none, and would go by the size of the files. */
class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ moduleId }: TestSpecification): number => {
      const at = long.findIndex((part) => moduleId.includes(part));
      return at === -1 ? long.length : at;
    };
    return (await super.sort(files)).sort((a, b) => rank(a) - rank(b));
  }
}

export default defineConfig({
  test: {
    include: ['packages/*/test/**/*.test.ts', 'examples/*/test/**/*.test.ts', 'test/**/*.test.ts'],
    exclude: ['**/node_modules/**', '**/dist/**'],
    // Many tests wait for children and for each other's commits: on a small machine one worker for each core would leave it idle.
    maxWorkers: Math.max(3, availableParallelism()),
    // Test files share no state, so those of a worker can share the modules that they import: loading them anew is a third of the time.
    isolate: false,
    sequence: { sequencer: LongestFirst },
    // PGlite is WebAssembly, which V8 would compile a second time, in the background, for longer than most tests run.
    execArgv: [patientWithWasm],
    // Children (a stdio server, a hosted server) start on a machine that may be busy.
    testTimeout: 20_000,
    hookTimeout: 60_000,
    coverage: {
      provider: 'v8',
      include: ['packages/core/src/**/*.ts'],
      reporter: [['text', { skipFull: true }], 'text-summary'],
      thresholds: { branches: 90 },
    },
  },
});
