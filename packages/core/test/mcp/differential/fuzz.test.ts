import { expect, test } from 'vitest';
import { fuzz } from './fuzz.ts';

const count = 1_500;
// The same requests each time. The long run uses others.
const seed = 1;

test(`both lanes answer ${count} mutated requests with the same bytes`, async () => {
  await expect(fuzz(count, seed)).resolves.toBeUndefined();
});
