import { expect, test } from 'vitest';
import { fuzz } from './fuzz.ts';

const count = Number(process.env['BUSBAR_FUZZ'] ?? 10_000);
const seed = Number(process.env['BUSBAR_FUZZ_SEED'] ?? Math.floor(Math.random() * 2 ** 31));

test(
  `both lanes answer ${count} mutated requests with the same bytes`,
  async () => {
    await expect(fuzz(count, seed)).resolves.toBeUndefined();
  },
  60_000 + count * 20,
);
