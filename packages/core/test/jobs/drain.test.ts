import { expect, test } from 'vitest';
import { startFleet, type Fleet } from './replicas.ts';

/** Lets everything run its course that needs no time. */
const settle = ({ clock }: Fleet) => clock.advance(0);

test('runs what waits once more, those that were woken first, then stops', async () => {
  const fleet = startFleet({ jobs: [{ name: 'poll', everyMs: 30_000 }, { name: 'flush' }] });
  const runner = fleet.replica('a');
  runner.start();
  await fleet.clock.advance(1_000);
  await runner.wake('conn-1', 'flush', 45_000);
  await settle(fleet);
  await runner.drain(10_000);
  expect(fleet.history()).toEqual(['a conn-1 flush @1', 'a conn-1 poll @1']);
  expect(fleet.clock.sleeping).toBe(0);
  await fleet.clock.advance(600_000);
  expect(fleet.runs).toHaveLength(2);
});

test('waits for what runs, and lets it end', async () => {
  const fleet = startFleet({ hold: true });
  const runner = fleet.replica('a');
  runner.start();
  await runner.wake('conn-1', 'flush');
  await settle(fleet);
  let drained = false;
  const draining = runner.drain(10_000).then(() => (drained = true));
  await fleet.clock.advance(5_000);
  expect(drained).toBe(false);
  expect(fleet.runs[0]?.context.signal.aborted).toBe(false);
  fleet.runs[0]?.end();
  await draining;
  expect(fleet.runs).toHaveLength(1);
});

test('ends what is not done in time, begins nothing more, and leaves it due for the next process', async () => {
  const fleet = startFleet({ hold: true, connections: ['conn-1', 'conn-2'] });
  const runner = fleet.replica('a', { concurrency: 1 });
  runner.start();
  await runner.wake('conn-1', 'flush', 1_000);
  await runner.wake('conn-2', 'flush', 2_000);
  const draining = runner.drain(10_000);
  await fleet.clock.advance(9_999);
  expect(fleet.history()).toEqual(['a conn-1 flush @0']);
  await fleet.clock.advance(1);
  expect(fleet.runs[0]?.context.signal.reason).toMatchObject({ code: 'UNAVAILABLE' });
  fleet.runs[0]?.end(fleet.runs[0].context.signal.reason);
  await draining;
  expect(fleet.history()).toEqual(['a conn-1 flush @0']);

  fleet.replica('b', { concurrency: 2 }).start();
  await settle(fleet);
  expect(fleet.history().slice(1).sort()).toEqual(['b conn-1 flush @10', 'b conn-2 flush @10']);
});

test('leaves a run behind that does not end when it is told to', async () => {
  const fleet = startFleet({ hold: true });
  const runner = fleet.replica('a');
  runner.start();
  await runner.wake('conn-1', 'flush');
  const draining = runner.drain(10_000);
  await fleet.clock.advance(11_000);
  await expect(draining).resolves.toBeUndefined();
});

test('does not run what another replica is running', async () => {
  const fleet = startFleet({ hold: true });
  const [a, b] = [fleet.replica('a'), fleet.replica('b')];
  a.start();
  b.start();
  await a.wake('conn-1', 'flush');
  await settle(fleet);
  await b.wake('conn-1', 'flush', 0);
  await b.drain(10_000);
  expect(fleet.history()).toEqual(['a conn-1 flush @0']);
});

test('tries once more what waits after a failure', async () => {
  const fleet = startFleet({ hold: true });
  const runner = fleet.replica('a');
  runner.start();
  await runner.wake('conn-1', 'flush');
  await settle(fleet);
  fleet.runs[0]?.end(new Error('no'));
  await settle(fleet);
  const draining = runner.drain(10_000);
  await settle(fleet);
  fleet.runs[1]?.end();
  await draining;
  expect(fleet.runs).toHaveLength(2);
});

test('may be called twice, and the second waits for the first', async () => {
  const fleet = startFleet();
  const runner = fleet.replica('a');
  runner.start();
  await runner.wake('conn-1', 'flush', 5_000);
  await Promise.all([runner.drain(1_000), runner.drain(1_000)]);
  expect(fleet.runs).toHaveLength(1);
});

test('runs nothing where it was never started', async () => {
  const fleet = startFleet();
  const runner = fleet.replica('a');
  await runner.wake('conn-1', 'flush');
  await runner.drain(1_000);
  expect(fleet.runs).toEqual([]);
});

test('keeps a wish that comes after it, for the next process', async () => {
  const fleet = startFleet();
  const runner = fleet.replica('a');
  runner.start();
  await runner.drain(1_000);
  await runner.wake('conn-1', 'flush');
  await settle(fleet);
  expect(fleet.runs).toEqual([]);
  fleet.replica('b').start();
  await settle(fleet);
  expect(fleet.history()).toEqual(['b conn-1 flush @0']);
});
