import { expect, test } from 'vitest';
import { memoryState, ToolError, type StateStore } from '../../src/index.ts';
import { startFleet } from './replicas.ts';

const minute = 60_000;

test('runs a job at its interval, on every connection', async () => {
  const fleet = startFleet({ jobs: [{ name: 'poll', everyMs: 10_000 }], connections: ['conn-1', 'conn-2'] });
  fleet.replica('a').start();
  await fleet.clock.advance(9_999);
  expect(fleet.history()).toEqual([]);
  await fleet.clock.advance(20_001);
  expect(fleet.history().sort()).toEqual([10, 20, 30].flatMap((second) => [`a conn-1 poll @${second}`, `a conn-2 poll @${second}`]).sort());
});

test('runs a job that has no interval only when it is woken, once for each time', async () => {
  const fleet = startFleet();
  const runner = fleet.replica('a');
  runner.start();
  await fleet.clock.advance(10 * minute);
  await runner.wake('conn-1', 'flush', 5_000);
  await fleet.clock.advance(4_999);
  expect(fleet.history()).toEqual([]);
  await fleet.clock.advance(10 * minute);
  expect(fleet.history()).toEqual(['a conn-1 flush @605']);
});

test('of several wishes the earliest wins', async () => {
  const fleet = startFleet();
  const runner = fleet.replica('a');
  runner.start();
  await runner.wake('conn-1', 'flush', 5_000);
  await runner.wake('conn-1', 'flush', 60_000);
  await fleet.clock.advance(1_000);
  await runner.wake('conn-1', 'flush', 1_000);
  await fleet.clock.advance(10 * minute);
  expect(fleet.history()).toEqual(['a conn-1 flush @2']);
});

test('a job that is woken while it runs, runs again afterwards', async () => {
  const fleet = startFleet({ hold: true });
  const runner = fleet.replica('a');
  runner.start();
  await runner.wake('conn-1', 'flush');
  await fleet.clock.advance(0);
  await runner.wake('conn-1', 'flush');
  await fleet.clock.advance(1_000);
  expect(fleet.runs).toHaveLength(1);
  fleet.runs[0]?.end();
  await fleet.clock.advance(0);
  expect(fleet.history()).toEqual(['a conn-1 flush @0', 'a conn-1 flush @1']);
});

test('refuses to wake a job that no connector has', async () => {
  const runner = startFleet().replica('a');
  await expect(runner.wake('conn-1', 'flsh')).rejects.toThrow(TypeError);
});

test('runs on one replica at a time, however long it takes', async () => {
  const fleet = startFleet({ jobs: [{ name: 'poll', everyMs: 10_000 }], hold: true });
  for (const name of ['a', 'b', 'c']) fleet.replica(name, { timeoutMs: 10 * minute }).start();
  await fleet.clock.advance(5 * minute);
  expect(fleet.runs).toHaveLength(1);
  fleet.runs[0]?.end();
  await fleet.clock.advance(20_000);
  expect(fleet.runs).toHaveLength(2);
});

test('replicas share an interval', async () => {
  const fleet = startFleet({ jobs: [{ name: 'poll', everyMs: 10_000 }] });
  for (const name of ['a', 'b']) fleet.replica(name).start();
  await fleet.clock.advance(10 * minute);
  expect(fleet.runs).toHaveLength(60);
});

test('a wish outlives the process that had it', async () => {
  const fleet = startFleet();
  await fleet.replica('dies at once').wake('conn-1', 'flush', 5_000);
  fleet.replica('next').start();
  await fleet.clock.advance(minute);
  expect(fleet.history()).toEqual(['next conn-1 flush @5']);
});

test('a run that was cut off by a crash is begun anew once its lease has ended', async () => {
  const state = memoryState();
  let cut = false;
  // The first replica loses its state, as a process that is killed does: it can neither renew nor finish.
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
  const fleet = startFleet({ state, hold: true });
  const first = fleet.replica('a', { state: cutOff });
  first.start();
  await first.wake('conn-1', 'flush');
  await fleet.clock.advance(1_000);
  cut = true;
  fleet.replica('b').start();
  await fleet.clock.advance(28_000);
  expect(fleet.history()).toEqual(['a conn-1 flush @0']);
  await fleet.clock.advance(1_000);
  expect(fleet.history()).toEqual(['a conn-1 flush @0', 'b conn-1 flush @30']);
  // The one that lost its lease is told to end.
  expect(fleet.runs[0]?.context.signal.aborted).toBe(true);
  expect(fleet.runs[1]?.context.signal.aborted).toBe(false);
  // Were it to come back, its end would not be the other's.
  cut = false;
  fleet.runs[0]?.end();
  await fleet.clock.advance(0);
  const third = fleet.replica('c');
  third.start();
  await third.wake('conn-1', 'flush');
  await fleet.clock.advance(20_000);
  expect(fleet.runs).toHaveLength(2);
});

test('finds jobs of connections that were added later', async () => {
  const ids = ['conn-1'];
  const connection = (id: string) => ({ id, tenant: 'local', connector: 'acme', name: id, config: {}, version: '1' });
  const fleet = startFleet({
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
  fleet.replica('a').start();
  await fleet.clock.advance(30_000);
  ids.push(...Array.from({ length: 150 }, (_, n) => `new-${String(n).padStart(3, '0')}`));
  await fleet.clock.advance(minute);
  expect(new Set(fleet.runs.map((run) => run.connection)).size).toBe(151);
  const before = fleet.runs.length;
  ids.length = 0;
  await fleet.clock.advance(minute);
  expect(fleet.runs.length).toBe(before);
});

test('runs so many at one time and no more', async () => {
  const fleet = startFleet({ hold: true, connections: ['c1', 'c2', 'c3', 'c4', 'c5'] });
  const runner = fleet.replica('a', { concurrency: 2 });
  runner.start();
  for (const id of ['c1', 'c2', 'c3', 'c4', 'c5']) await runner.wake(id, 'flush');
  await fleet.clock.advance(0);
  expect(fleet.runs.map((run) => run.connection)).toEqual(['c1', 'c2']);
  fleet.runs[0]?.end();
  await fleet.clock.advance(0);
  expect(fleet.runs.map((run) => run.connection)).toEqual(['c1', 'c2', 'c3']);
});

test('tries a failed job again, later each time, and forgets it once it succeeds', async () => {
  const fleet = startFleet({ hold: true });
  const runner = fleet.replica('a');
  runner.start();
  await runner.wake('conn-1', 'flush');
  for (let attempt = 0; attempt < 4; attempt += 1) {
    await fleet.clock.advance(0);
    fleet.runs[attempt]?.end(new ToolError('UPSTREAM_UNAVAILABLE', 'The vendor is away.'));
    await fleet.clock.advance(2 ** attempt * 5_000);
  }
  expect(fleet.runs.map((run) => run.at / 1_000)).toEqual([0, 5, 15, 35, 75]);
  fleet.runs[4]?.end();
  await fleet.clock.advance(60 * minute);
  expect(fleet.runs).toHaveLength(5);
});

test('waits five minutes at most between two tries', async () => {
  const fleet = startFleet({ hold: true });
  const runner = fleet.replica('a');
  runner.start();
  await runner.wake('conn-1', 'flush');
  for (let attempt = 0; attempt < 12; attempt += 1) {
    await fleet.clock.advance(0);
    fleet.runs[attempt]?.end(new Error('no'));
    await fleet.clock.advance(5 * minute);
  }
  expect(fleet.runs.length).toBeGreaterThanOrEqual(12);
});

test('waking a job that failed does not shorten its wait', async () => {
  const fleet = startFleet({ hold: true });
  const runner = fleet.replica('a');
  runner.start();
  await runner.wake('conn-1', 'flush');
  await fleet.clock.advance(0);
  fleet.runs[0]?.end(new Error('no'));
  await fleet.clock.advance(1_000);
  await runner.wake('conn-1', 'flush');
  await fleet.clock.advance(3_999);
  expect(fleet.runs).toHaveLength(1);
  await fleet.clock.advance(1);
  expect(fleet.runs).toHaveLength(2);
});

test('logs a failure with its ids and without the connection’s secrets', async () => {
  const fleet = startFleet({ hold: true });
  const runner = fleet.replica('a');
  runner.start();
  await runner.wake('conn-1', 'flush');
  await fleet.clock.advance(0);
  fleet.runs[0]?.end(new Error('refused canary-secret'));
  await fleet.clock.advance(0);
  expect(fleet.lines).toHaveLength(1);
  expect(fleet.lines[0]).toMatchObject({ level: 'error', fields: { connector: 'acme', connection: 'conn-1', job: 'flush' } });
  expect(JSON.stringify(fleet.lines)).not.toContain('canary-secret');
});

test('a run has a context of its own, which ends at its deadline', async () => {
  const fleet = startFleet({ hold: true });
  const runner = fleet.replica('a', { timeoutMs: 20_000 });
  runner.start();
  await runner.wake('conn-1', 'flush');
  await fleet.clock.advance(0);
  const { context } = fleet.runs[0] ?? {};
  expect(context?.connection).toBe('conn-1');
  expect(context?.deadlineAt).toBe(20_000);
  expect(context?.key('event')).toMatch(/^[a-z0-9-]{1,36}$/);
  await fleet.clock.advance(19_999);
  expect(context?.signal.aborted).toBe(false);
  await fleet.clock.advance(1);
  expect(context?.signal.reason).toMatchObject({ code: 'DEADLINE_EXCEEDED' });
  fleet.runs[0]?.end();
  await fleet.clock.advance(0);
  // The runner's own sleep is all that is left.
  expect(fleet.clock.sleeping).toBe(1);
});

test('a run that does not end at its deadline is left behind, and makes room', async () => {
  const fleet = startFleet({ hold: true });
  const runner = fleet.replica('a', { timeoutMs: 20_000, concurrency: 1 });
  runner.start();
  await runner.wake('conn-1', 'flush');
  await fleet.clock.advance(20_000);
  expect(fleet.runs).toHaveLength(1);
  await fleet.clock.advance(1_000);
  expect(fleet.lines.at(-1)?.message).toBe('a job failed and will run again');
  await fleet.clock.advance(5_000);
  expect(fleet.runs).toHaveLength(2);
});

test('records what a job reports, in order, before the run counts as ended', async () => {
  const fleet = startFleet({ hold: true });
  const runner = fleet.replica('a');
  runner.start();
  await runner.wake('conn-1', 'flush');
  await fleet.clock.advance(0);
  fleet.runs[0]?.context.report('event-1', 'delivered');
  fleet.runs[0]?.context.report('event-2', 'refused', 'no canary-secret');
  fleet.runs[0]?.end();
  await fleet.clock.advance(0);
  expect(fleet.reports).toEqual([
    { connector: 'acme', connection: 'conn-1', accepted: 'event-1', outcome: 'delivered' },
    { connector: 'acme', connection: 'conn-1', accepted: 'event-2', outcome: 'refused', message: 'no [redacted]' },
  ]);
});

test('a report that cannot be recorded is logged and does not fail the job', async () => {
  const fleet = startFleet({ hold: true });
  const runner = fleet.replica('a', { metering: { report: () => Promise.reject(new Error('no disk')) } });
  runner.start();
  await runner.wake('conn-1', 'flush');
  await fleet.clock.advance(0);
  fleet.runs[0]?.context.report('event-1', 'delivered');
  fleet.runs[0]?.end();
  await fleet.clock.advance(10 * minute);
  expect(fleet.lines.map(({ message }) => message)).toEqual(['a delivery report was not recorded']);
  expect(fleet.runs).toHaveLength(1);
});

test('lives on when connections or state are away, and catches up', async () => {
  const inner = memoryState();
  let away = true;
  const state: StateStore = {
    open: (scope) => {
      if (away) throw new Error('no database');
      return inner.open(scope);
    },
  };
  const fleet = startFleet({ jobs: [{ name: 'poll', everyMs: 10_000 }], state });
  const runner = fleet.replica('a');
  runner.start();
  await fleet.clock.advance(30_000);
  expect(fleet.lines[0]?.message).toBe('the connections could not be scanned for jobs');
  away = false;
  await fleet.clock.advance(2 * minute);
  expect(fleet.runs.length).toBeGreaterThan(3);
});

test('starts once, and does nothing before', async () => {
  const fleet = startFleet();
  const runner = fleet.replica('a');
  await runner.wake('conn-1', 'flush');
  await fleet.clock.advance(minute);
  expect(fleet.runs).toEqual([]);
  runner.start();
  runner.start();
  await fleet.clock.advance(0);
  expect(fleet.runs).toHaveLength(1);
});

test('a run ends only when its reports are recorded', async () => {
  const recorded = Promise.withResolvers<void>();
  const fleet = startFleet({ hold: true });
  const runner = fleet.replica('a', { metering: { report: () => recorded.promise } });
  runner.start();
  await runner.wake('conn-1', 'flush');
  await fleet.clock.advance(0);
  fleet.runs[0]?.context.report('event-1', 'delivered');
  fleet.runs[0]?.end();
  let drained = false;
  const draining = runner.drain(10_000).then(() => (drained = true));
  await fleet.clock.advance(5_000);
  expect(drained).toBe(false);
  recorded.resolve();
  await draining;
});

test('keeps no record of a connection that is gone', async () => {
  const fleet = startFleet({ state: memoryState({ maxScopes: 1 }) });
  const runner = fleet.replica('a');
  runner.start();
  await runner.wake('gone', 'flush');
  await fleet.clock.advance(0);
  await expect(runner.wake('conn-1', 'flush')).resolves.toBeUndefined();
});

test('keeps no record of a job for which nothing waits', async () => {
  const fleet = startFleet({ state: memoryState({ maxScopes: 1 }), connections: ['conn-1', 'conn-2'] });
  const runner = fleet.replica('a');
  runner.start();
  await runner.wake('conn-1', 'flush');
  await fleet.clock.advance(0);
  await expect(runner.wake('conn-2', 'flush')).resolves.toBeUndefined();
});
