import { expect, test } from 'vitest';
import { useAcme, type Acme } from '../support/acme.ts';

let acme: Acme;
const host = useAcme((started) => (acme = started));

const rounds = 30;
const median = (values: readonly number[]) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Infinity;

test('an aborted read closes the upstream socket in less time than a few answered reads take', async () => {
  const { call } = host();
  const answeredMs: number[] = [];
  const closedMs: number[] = [];
  for (let round = 1; round <= rounds; round += 1) {
    const askedAt = performance.now();
    await call('acme_get_item', { id: 'a' });
    answeredMs.push(performance.now() - askedAt);

    acme.misbehave({ kind: 'hang' });
    const abort = new AbortController();
    const answer = call('acme_get_item', { id: 'a' }, { signal: abort.signal });
    const hanging = await acme.received(undefined, 2 * round);
    const abortedAt = performance.now();
    abort.abort();
    expect(await hanging.ended).toBe('closed');
    closedMs.push(performance.now() - abortedAt);
    await answer;
  }
  const ratio = median(closedMs) / median(answeredMs);
  expect(ratio, `closed after ${median(closedMs)} ms, answered after ${median(answeredMs)} ms`).toBeLessThan(5);
});
