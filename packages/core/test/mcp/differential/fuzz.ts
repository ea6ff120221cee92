import fc from 'fast-check';
import { expect } from 'vitest';
import { startBothLanes } from './both-lanes.ts';
import { judge, report } from './differences.ts';
import { mutated } from './mutations.ts';

/** The most requests that are in memory at one time. A repetition begins with the batch that had the difference. */
const batch = 500;

/** Sends `count` mutated requests down both lanes and expects the same answers, apart from listed differences. `seed` determines them. */
export async function fuzz(count: number, seed: number): Promise<void> {
  const lanes = await startBothLanes();
  try {
    for (let done = 0; done < count; done += batch) {
      const requests = fc.sample(mutated, { numRuns: Math.min(batch, count - done), seed: seed + done });
      const { unlisted } = judge(await lanes.compare(requests));
      const again = `To repeat it: BUSBAR_FUZZ_SEED=${seed + done} BUSBAR_FUZZ=${batch} npm run test:long -- differential/fuzz`;
      expect(unlisted.length, `${again}\n${report(unlisted)}`).toBe(0);
      expect(lanes.both.takeRecords(), again).toEqual(lanes.sdk.takeRecords());
    }
  } finally {
    await lanes.close();
  }
}
