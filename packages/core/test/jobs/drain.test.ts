import { expect, test } from 'vitest';
import { startReplicas, type Replicas } from './replicas.ts';

/** Runs all work that needs no time to pass. */
const settle = ({ clock }: Replicas) => clock.advance(0);

test('a drain runs the waiting jobs once more, woken jobs first, then stops', async () => {
  const replicas = startReplicas({ jobs: [{ name: 'poll', everyMs: 30_000 }, { name: 'flush' }] });
  const runner = replicas.replica('a');
  runner.start();
  await replicas.clock.advance(1_000);
  await runner.wake('conn-1', 'flush', 45_000);
  await settle(replicas);
  await runner.drain(10_000);
  expect(replicas.history()).toEqual(['a conn-1 flush @1', 'a conn-1 poll @1']);
  expect(replicas.clock.sleeping).toBe(0);
  await replicas.clock.advance(600_000);
  expect(replicas.runs).toHaveLength(2);
});

test('a drain waits for running jobs and lets them end', async () => {
  const replicas = startReplicas({ hold: true });
  const runner = replicas.replica('a');
  runner.start();
  await runner.wake('conn-1', 'flush');
  await settle(replicas);
  let drained = false;
  const draining = runner.drain(10_000).then(() => (drained = true));
  await replicas.clock.advance(5_000);
  expect(drained).toBe(false);
  expect(replicas.runs[0]?.context.signal.aborted).toBe(false);
  replicas.runs[0]?.end();
  await draining;
  expect(replicas.runs).toHaveLength(1);
});

test('a drain ends jobs that are not done in time, begins no others, and leaves them due for the next process', async () => {
  const replicas = startReplicas({ hold: true, connections: ['conn-1', 'conn-2'] });
  const runner = replicas.replica('a', { concurrency: 1 });
  runner.start();
  await runner.wake('conn-1', 'flush', 1_000);
  await runner.wake('conn-2', 'flush', 2_000);
  const draining = runner.drain(10_000);
  await replicas.clock.advance(9_999);
  expect(replicas.history()).toEqual(['a conn-1 flush @0']);
  await replicas.clock.advance(1);
  expect(replicas.runs[0]?.context.signal.reason).toMatchObject({ code: 'UNAVAILABLE' });
  replicas.runs[0]?.end(replicas.runs[0].context.signal.reason);
  await draining;
  expect(replicas.history()).toEqual(['a conn-1 flush @0']);

  replicas.replica('b', { concurrency: 2 }).start();
  await settle(replicas);
  expect(replicas.history().slice(1).sort()).toEqual(['b conn-1 flush @10', 'b conn-2 flush @10']);
});

test('a drain abandons a run that ignores its signal', async () => {
  const replicas = startReplicas({ hold: true });
  const runner = replicas.replica('a');
  runner.start();
  await runner.wake('conn-1', 'flush');
  const draining = runner.drain(10_000);
  await replicas.clock.advance(11_000);
  await expect(draining).resolves.toBeUndefined();
});

test('a drain does not run a job that another replica is running', async () => {
  const replicas = startReplicas({ hold: true });
  const [a, b] = [replicas.replica('a'), replicas.replica('b')];
  a.start();
  b.start();
  await a.wake('conn-1', 'flush');
  await settle(replicas);
  await b.wake('conn-1', 'flush', 0);
  await b.drain(10_000);
  expect(replicas.history()).toEqual(['a conn-1 flush @0']);
});

test('a drain retries a job that waits after a failure', async () => {
  const replicas = startReplicas({ hold: true });
  const runner = replicas.replica('a');
  runner.start();
  await runner.wake('conn-1', 'flush');
  await settle(replicas);
  replicas.runs[0]?.end(new Error('no'));
  await settle(replicas);
  const draining = runner.drain(10_000);
  await settle(replicas);
  replicas.runs[1]?.end();
  await draining;
  expect(replicas.runs).toHaveLength(2);
});

test('a second drain waits for the first', async () => {
  const replicas = startReplicas();
  const runner = replicas.replica('a');
  runner.start();
  await runner.wake('conn-1', 'flush', 5_000);
  await Promise.all([runner.drain(1_000), runner.drain(1_000)]);
  expect(replicas.runs).toHaveLength(1);
});

test('a drain runs nothing if the runner was never started', async () => {
  const replicas = startReplicas();
  const runner = replicas.replica('a');
  await runner.wake('conn-1', 'flush');
  await runner.drain(1_000);
  expect(replicas.runs).toEqual([]);
});

test('a wake after the drain is kept for the next process', async () => {
  const replicas = startReplicas();
  const runner = replicas.replica('a');
  runner.start();
  await runner.drain(1_000);
  await runner.wake('conn-1', 'flush');
  await settle(replicas);
  expect(replicas.runs).toEqual([]);
  replicas.replica('b').start();
  await settle(replicas);
  expect(replicas.history()).toEqual(['b conn-1 flush @0']);
});
