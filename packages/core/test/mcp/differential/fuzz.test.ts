import { expect, test } from 'vitest';
import { fuzz } from './fuzz.ts';

const count = 1_500;
// The same requests each time. The long run takes others.
const seed = 1;

test(`answers ${count} mutated requests as the SDK does`, async () => {
  await expect(fuzz(count, seed)).resolves.toBeUndefined();
});
