import fc from 'fast-check';
import { expect, test } from 'vitest';
import { startBothLanes } from './both-lanes.ts';
import { judge, report } from './differences.ts';
import { mutated } from './mutations.ts';

const count = Number(process.env['BUSBAR_FUZZ'] ?? 1_500);
const seed = Number(process.env['BUSBAR_FUZZ_SEED'] ?? Math.floor(Math.random() * 2 ** 31));
// How many requests are in memory at one time.
const batch = 500;

test(
  `both lanes answer ${count} mutated requests with the same bytes`,
  async () => {
    const lanes = await startBothLanes();
    try {
      for (let done = 0; done < count; done += batch) {
        const requests = fc.sample(mutated, { numRuns: Math.min(batch, count - done), seed: seed + done });
        const { unlisted } = judge(await lanes.compare(requests));
        // A repetition begins with the batch that had the finding.
        const again = `To repeat it: BUSBAR_FUZZ_SEED=${seed + done} BUSBAR_FUZZ=${batch}`;
        expect(unlisted.length, `${again}\n${report(unlisted)}`).toBe(0);
        expect(lanes.both.takeRecords(), again).toEqual(lanes.sdk.takeRecords());
      }
    } finally {
      await lanes.close();
    }
  },
  20_000 + count * 20,
);
