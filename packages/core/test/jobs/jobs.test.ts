import { expect, test } from 'vitest';
import { memoryState, ToolError, type StateStore } from '../../src/index.ts';
import { startReplicas } from './replicas.ts';

const minute = 60_000;

test('the runner runs a job at its interval, on every connection', async () => {
  const replicas = startReplicas({ jobs: [{ name: 'poll', everyMs: 10_000 }], connections: ['conn-1', 'conn-2'] });
  replicas.replica('a').start();
  await replicas.clock.advance(9_999);
  expect(replicas.history()).toEqual([]);
  await replicas.clock.advance(20_001);
  expect(replicas.history().sort()).toEqual(
    [10, 20, 30].flatMap((second) => [`a conn-1 poll @${second}`, `a conn-2 poll @${second}`]).sort(),
  );
});

test('the runner runs a job without an interval once for each wake', async () => {
  const replicas = startReplicas();
  const runner = replicas.replica('a');
  runner.start();
  await replicas.clock.advance(10 * minute);
  await runner.wake('conn-1', 'flush', 5_000);
  await replicas.clock.advance(4_999);
  expect(replicas.history()).toEqual([]);
  await replicas.clock.advance(10 * minute);
  expect(replicas.history()).toEqual(['a conn-1 flush @605']);
});

test('the earliest of several wakes wins', async () => {
  const replicas = startReplicas();
  const runner = replicas.replica('a');
  runner.start();
  await runner.wake('conn-1', 'flush', 5_000);
  await runner.wake('conn-1', 'flush', 60_000);
  await replicas.clock.advance(1_000);
  await runner.wake('conn-1', 'flush', 1_000);
  await replicas.clock.advance(10 * minute);
  expect(replicas.history()).toEqual(['a conn-1 flush @2']);
});

test('a job that is woken during its run runs again afterwards', async () => {
  const replicas = startReplicas({ hold: true });
  const runner = replicas.replica('a');
  runner.start();
  await runner.wake('conn-1', 'flush');
  await replicas.clock.advance(0);
  await runner.wake('conn-1', 'flush');
  await replicas.clock.advance(1_000);
  expect(replicas.runs).toHaveLength(1);
  replicas.runs[0]?.end();
  await replicas.clock.advance(0);
  expect(replicas.history()).toEqual(['a conn-1 flush @0', 'a conn-1 flush @1']);
});

test('the runner refuses to wake a job that no connector has', async () => {
  const runner = startReplicas().replica('a');
  await expect(runner.wake('conn-1', 'flsh')).rejects.toThrow(TypeError);
});

test('a job runs on one replica at a time, even if it takes long', async () => {
  const replicas = startReplicas({ jobs: [{ name: 'poll', everyMs: 10_000 }], hold: true });
  for (const name of ['a', 'b', 'c']) replicas.replica(name, { timeoutMs: 10 * minute }).start();
  await replicas.clock.advance(5 * minute);
  expect(replicas.runs).toHaveLength(1);
  replicas.runs[0]?.end();
  await replicas.clock.advance(20_000);
  expect(replicas.runs).toHaveLength(2);
});

test('replicas share an interval', async () => {
  const replicas = startReplicas({ jobs: [{ name: 'poll', everyMs: 10_000 }] });
  for (const name of ['a', 'b']) replicas.replica(name).start();
  await replicas.clock.advance(10 * minute);
  expect(replicas.runs).toHaveLength(60);
});

test('a wake outlives its process', async () => {
  const replicas = startReplicas();
  await replicas.replica('dies at once').wake('conn-1', 'flush', 5_000);
  replicas.replica('next').start();
  await replicas.clock.advance(minute);
  expect(replicas.history()).toEqual(['next conn-1 flush @5']);
});

test('a run that a crash interrupted begins again once its lease has ended', async () => {
  const state = memoryState();
  let cut = false;
  // The first replica loses its state, as a killed process does: it can neither renew nor finish.
  const cutOff: StateStore = {
    open: (scope) => {
      const inner = state.open(scope);
      const alive = <R>(value: R): R => {
        if (cut) throw new Error('the process is gone');
        return value;
      };
      return {
        get: async (key, schema) => alive(await inner.get(key, schema)),
        set: async (key, value, version) => alive(await inner.set(key, value, version)),
        log: (spec) => inner.log(spec),
      };
    },
  };
  const replicas = startReplicas({ state, hold: true });
  const first = replicas.replica('a', { state: cutOff });
  first.start();
  await first.wake('conn-1', 'flush');
  await replicas.clock.advance(1_000);
  cut = true;
  replicas.replica('b').start();
  await replicas.clock.advance(28_000);
  expect(replicas.history()).toEqual(['a conn-1 flush @0']);
  await replicas.clock.advance(1_000);
  expect(replicas.history()).toEqual(['a conn-1 flush @0', 'b conn-1 flush @30']);
  // The run that lost its lease is aborted.
  expect(replicas.runs[0]?.context.signal.aborted).toBe(true);
  expect(replicas.runs[1]?.context.signal.aborted).toBe(false);
  // If the first replica comes back, the end of its run does not end the other's.
  cut = false;
  replicas.runs[0]?.end();
  await replicas.clock.advance(0);
  const third = replicas.replica('c');
  third.start();
  await third.wake('conn-1', 'flush');
  await replicas.clock.advance(20_000);
  expect(replicas.runs).toHaveLength(2);
});

test('the runner finds jobs of connections that were added later', async () => {
  const ids = ['conn-1'];
  const connection = (id: string) => ({ id, tenant: 'local', connector: 'acme', name: id, config: {}, version: '1' });
  const replicas = startReplicas({
    jobs: [{ name: 'poll', everyMs: 10_000 }],
    store: {
      list: async () => [],
      get: async (id) => (ids.includes(id) ? connection(id) : undefined),
      byHook: async () => undefined,
      page: async (_, { limit, after = '' }) => {
        const rest = ids.filter((id) => id > after);
        const connections = rest.slice(0, limit).map(connection);
        return { connections, ...(rest.length > limit && { next: connections.at(-1)?.id ?? '' }) };
      },
    },
  });
  replicas.replica('a').start();
  await replicas.clock.advance(30_000);
  ids.push(...Array.from({ length: 150 }, (_, n) => `new-${String(n).padStart(3, '0')}`));
  await replicas.clock.advance(minute);
  expect(new Set(replicas.runs.map((run) => run.connection)).size).toBe(151);
  const before = replicas.runs.length;
  ids.length = 0;
  await replicas.clock.advance(minute);
  expect(replicas.runs.length).toBe(before);
});

test('the runner runs at most `concurrency` jobs at a time', async () => {
  const replicas = startReplicas({ hold: true, connections: ['c1', 'c2', 'c3', 'c4', 'c5'] });
  const runner = replicas.replica('a', { concurrency: 2 });
  runner.start();
  for (const id of ['c1', 'c2', 'c3', 'c4', 'c5']) await runner.wake(id, 'flush');
  await replicas.clock.advance(0);
  expect(replicas.runs.map((run) => run.connection)).toEqual(['c1', 'c2']);
  replicas.runs[0]?.end();
  await replicas.clock.advance(0);
  expect(replicas.runs.map((run) => run.connection)).toEqual(['c1', 'c2', 'c3']);
});

test('the runner retries a failed job, later each time, until it succeeds', async () => {
  const replicas = startReplicas({ hold: true });
  const runner = replicas.replica('a');
  runner.start();
  await runner.wake('conn-1', 'flush');
  for (let attempt = 0; attempt < 4; attempt += 1) {
    await replicas.clock.advance(0);
    replicas.runs[attempt]?.end(new ToolError('UPSTREAM_UNAVAILABLE', 'The vendor is down.'));
    await replicas.clock.advance(2 ** attempt * 5_000);
  }
  expect(replicas.runs.map((run) => run.at / 1_000)).toEqual([0, 5, 15, 35, 75]);
  replicas.runs[4]?.end();
  await replicas.clock.advance(60 * minute);
  expect(replicas.runs).toHaveLength(5);
});

test('the runner waits at most five minutes between two attempts', async () => {
  const replicas = startReplicas({ hold: true });
  const runner = replicas.replica('a');
  runner.start();
  await runner.wake('conn-1', 'flush');
  for (let attempt = 0; attempt < 12; attempt += 1) {
    await replicas.clock.advance(0);
    replicas.runs[attempt]?.end(new Error('no'));
    await replicas.clock.advance(5 * minute);
  }
  expect(replicas.runs.length).toBeGreaterThanOrEqual(12);
});

test('waking a job that failed does not shorten its wait', async () => {
  const replicas = startReplicas({ hold: true });
  const runner = replicas.replica('a');
  runner.start();
  await runner.wake('conn-1', 'flush');
  await replicas.clock.advance(0);
  replicas.runs[0]?.end(new Error('no'));
  await replicas.clock.advance(1_000);
  await runner.wake('conn-1', 'flush');
  await replicas.clock.advance(3_999);
  expect(replicas.runs).toHaveLength(1);
  await replicas.clock.advance(1);
  expect(replicas.runs).toHaveLength(2);
});

test('the runner logs a failure with its ids and without the connection’s secrets', async () => {
  const replicas = startReplicas({ hold: true });
  const runner = replicas.replica('a');
  runner.start();
  await runner.wake('conn-1', 'flush');
  await replicas.clock.advance(0);
  replicas.runs[0]?.end(new Error('refused canary-secret'));
  await replicas.clock.advance(0);
  expect(replicas.lines).toHaveLength(1);
  expect(replicas.lines[0]).toMatchObject({ level: 'error', fields: { connector: 'acme', connection: 'conn-1', job: 'flush' } });
  expect(JSON.stringify(replicas.lines)).not.toContain('canary-secret');
});

test('a run has a context of its own, which aborts at its deadline', async () => {
  const replicas = startReplicas({ hold: true });
  const runner = replicas.replica('a', { timeoutMs: 20_000 });
  runner.start();
  await runner.wake('conn-1', 'flush');
  await replicas.clock.advance(0);
  const { context } = replicas.runs[0] ?? {};
  expect(context?.connection).toBe('conn-1');
  expect(context?.deadlineAt).toBe(20_000);
  expect(context?.key('event')).toMatch(/^[a-z0-9-]{1,36}$/);
  await replicas.clock.advance(19_999);
  expect(context?.signal.aborted).toBe(false);
  await replicas.clock.advance(1);
  expect(context?.signal.reason).toMatchObject({ code: 'DEADLINE_EXCEEDED' });
  replicas.runs[0]?.end();
  await replicas.clock.advance(0);
  // Only the runner's own timer is left.
  expect(replicas.clock.sleeping).toBe(1);
});

test('a run that does not end at its deadline is abandoned, and frees its slot', async () => {
  const replicas = startReplicas({ hold: true });
  const runner = replicas.replica('a', { timeoutMs: 20_000, concurrency: 1 });
  runner.start();
  await runner.wake('conn-1', 'flush');
  await replicas.clock.advance(20_000);
  expect(replicas.runs).toHaveLength(1);
  await replicas.clock.advance(1_000);
  expect(replicas.lines.at(-1)?.message).toBe('a job failed and will run again');
  await replicas.clock.advance(5_000);
  expect(replicas.runs).toHaveLength(2);
});

test('the runner records a job’s reports in order, before the run ends', async () => {
  const replicas = startReplicas({ hold: true });
  const runner = replicas.replica('a');
  runner.start();
  await runner.wake('conn-1', 'flush');
  await replicas.clock.advance(0);
  replicas.runs[0]?.context.report('event-1', 'delivered');
  replicas.runs[0]?.context.report('event-2', 'refused', 'no canary-secret');
  replicas.runs[0]?.end();
  await replicas.clock.advance(0);
  expect(replicas.reports).toEqual([
    { connector: 'acme', connection: 'conn-1', accepted: 'event-1', outcome: 'delivered' },
    { connector: 'acme', connection: 'conn-1', accepted: 'event-2', outcome: 'refused', message: 'no [redacted]' },
  ]);
});

test('a report’s message is cut between two characters, and has no half of one', async () => {
  const replicas = startReplicas({ hold: true });
  const runner = replicas.replica('a');
  runner.start();
  await runner.wake('conn-1', 'flush');
  await replicas.clock.advance(0);
  replicas.runs[0]?.context.report('event-1', 'refused', `\ud83d${'x'.repeat(498)}😀`);
  replicas.runs[0]?.end();
  await replicas.clock.advance(0);
  expect(replicas.reports).toMatchObject([{ message: `\uFFFD${'x'.repeat(498)}` }]);
});

test('a report that cannot be recorded is logged and does not fail the job', async () => {
  const replicas = startReplicas({ hold: true });
  const runner = replicas.replica('a', { metering: { report: () => Promise.reject(new Error('no disk')) } });
  runner.start();
  await runner.wake('conn-1', 'flush');
  await replicas.clock.advance(0);
  replicas.runs[0]?.context.report('event-1', 'delivered');
  replicas.runs[0]?.end();
  await replicas.clock.advance(10 * minute);
  expect(replicas.lines.map(({ message }) => message)).toEqual(['a delivery report was not recorded']);
  expect(replicas.runs).toHaveLength(1);
});

test('the runner survives unreachable connections or state, and catches up', async () => {
  const inner = memoryState();
  let isDown = true;
  const state: StateStore = {
    open: (scope) => {
      if (isDown) throw new Error('no database');
      return inner.open(scope);
    },
  };
  const replicas = startReplicas({ jobs: [{ name: 'poll', everyMs: 10_000 }], state });
  const runner = replicas.replica('a');
  runner.start();
  await replicas.clock.advance(30_000);
  expect(replicas.lines[0]?.message).toBe('the connections could not be scanned for jobs');
  isDown = false;
  await replicas.clock.advance(2 * minute);
  expect(replicas.runs.length).toBeGreaterThan(3);
});

test('the runner finds the jobs of others as often as before after the clock was set back', async () => {
  const replicas = startReplicas();
  replicas.clock.adjust(7_200_000);
  replicas.replica('a').start();
  await replicas.clock.advance(1_000);
  replicas.clock.adjust(-3_600_000);
  await replicas.replica('b').wake('conn-1', 'flush');
  await replicas.clock.advance(minute);
  expect(replicas.runs).toMatchObject([{ replica: 'a' }]);
});

test('the runner starts once, and does nothing before', async () => {
  const replicas = startReplicas();
  const runner = replicas.replica('a');
  await runner.wake('conn-1', 'flush');
  await replicas.clock.advance(minute);
  expect(replicas.runs).toEqual([]);
  runner.start();
  runner.start();
  await replicas.clock.advance(0);
  expect(replicas.runs).toHaveLength(1);
});

test('a run ends only once its reports are recorded', async () => {
  const recorded = Promise.withResolvers<void>();
  const replicas = startReplicas({ hold: true });
  const runner = replicas.replica('a', { metering: { report: () => recorded.promise } });
  runner.start();
  await runner.wake('conn-1', 'flush');
  await replicas.clock.advance(0);
  replicas.runs[0]?.context.report('event-1', 'delivered');
  replicas.runs[0]?.end();
  let drained = false;
  const draining = runner.drain(10_000).then(() => (drained = true));
  await replicas.clock.advance(5_000);
  expect(drained).toBe(false);
  recorded.resolve();
  await draining;
});

test('the runner keeps no record of a connection that no longer exists', async () => {
  const replicas = startReplicas({ state: memoryState({ maxScopes: 1 }) });
  const runner = replicas.replica('a');
  runner.start();
  await runner.wake('gone', 'flush');
  await replicas.clock.advance(0);
  await expect(runner.wake('conn-1', 'flush')).resolves.toBeUndefined();
});

test('the runner keeps no record of a job that does not wait', async () => {
  const replicas = startReplicas({ state: memoryState({ maxScopes: 1 }), connections: ['conn-1', 'conn-2'] });
  const runner = replicas.replica('a');
  runner.start();
  await runner.wake('conn-1', 'flush');
  await replicas.clock.advance(0);
  await expect(runner.wake('conn-2', 'flush')).resolves.toBeUndefined();
});
