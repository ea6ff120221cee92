import { manualClock } from '@busbar/core/testing';
import { describe, expect, test } from 'vitest';
import { createHealth, type HealthOptions } from '../../src/http/health.ts';

const noOutbox = async () => undefined;

function watched(ping: () => Promise<void>, outbox: HealthOptions['outbox'] = noOutbox, canWrite = true) {
  const clock = manualClock();
  let pings = 0;
  const counted = () => {
    pings += 1;
    return ping();
  };
  const health = createHealth({
    version: '1.2.3',
    clock,
    ping: counted,
    canWrite: () => canWrite,
    redis: () => 'away',
    ledger: { database: 'pglite', settles: 'durable' },
    outbox,
    connectors: () => [],
  });
  return { clock, health, pings: () => pings };
}

describe('createHealth', () => {
  test('is ready while the database answers', async () => {
    const { health } = watched(async () => {});
    expect(await health.readiness()).toEqual({ status: 'ready', database: 'ok' });
  });

  test('is unavailable when the database fails, and ready again when it is back', async () => {
    let away = true;
    const { health, clock } = watched(async () => {
      if (away) throw new Error('connection refused at 10.0.0.7');
    });
    expect(await health.readiness()).toEqual({ status: 'unavailable', database: 'away' });
    away = false;
    await clock.advance(1_000);
    expect(await health.readiness()).toEqual({ status: 'ready', database: 'ok' });
  });

  test('is unavailable when the database answers but stores nothing', async () => {
    const { health } = watched(async () => {}, noOutbox, false);
    expect(await health.readiness()).toEqual({ status: 'unavailable', database: 'read-only' });
  });

  test('is unavailable when the database does not answer in 2 seconds', async () => {
    const { health, clock } = watched(() => new Promise(() => {}));
    const readiness = health.readiness();
    await clock.advance(2_000);
    expect(await readiness).toEqual({ status: 'unavailable', database: 'away' });
  });

  test('leaves no timer behind when the database answers', async () => {
    const { health, clock } = watched(async () => {});
    await health.readiness();
    expect(clock.sleeping).toBe(0);
  });

  test('checks the database once a second for any number of probes', async () => {
    const { health, clock, pings } = watched(async () => {});
    await Promise.all(Array.from({ length: 100 }, () => health.readiness()));
    await clock.advance(999);
    await health.readiness();
    expect(pings()).toBe(1);
    await clock.advance(1);
    await health.readiness();
    expect(pings()).toBe(2);
  });

  test('draining is permanent', async () => {
    const { health } = watched(async () => {});
    health.drain();
    expect(await health.readiness()).toEqual({ status: 'draining', database: 'ok' });
  });

  test('reports its version and uptime to an operator', async () => {
    const { health, clock } = watched(async () => {});
    await clock.advance(61_500);
    expect(await health.details({ isOperator: true })).toEqual({
      status: 'ready',
      database: 'ok',
      version: '1.2.3',
      uptimeSeconds: 61,
      redis: 'away',
      ledger: { database: 'pglite', settles: 'durable' },
      connectors: [],
    });
  });

  test('reports how many usage events wait, and leaves them out if they cannot be counted', async () => {
    const full = watched(
      async () => {},
      async () => ({ waiting: 3, more: false }),
    );
    expect((await full.health.details({ isOperator: true })).ledger).toEqual({
      database: 'pglite',
      settles: 'durable',
      outbox: { waiting: 3, more: false },
    });
    const failing = watched(
      async () => {},
      () => Promise.reject(new Error('gone')),
    );
    expect((await failing.health.details({ isOperator: true })).ledger).toEqual({ database: 'pglite', settles: 'durable' });
  });

  test('reports to others nothing that concerns all tenants', async () => {
    const { health } = watched(
      async () => {},
      () => Promise.reject(new Error('not asked')),
    );
    expect(JSON.parse(JSON.stringify(await health.details({ isOperator: false })))).toEqual({
      status: 'ready',
      database: 'ok',
      version: '1.2.3',
      uptimeSeconds: 0,
      redis: 'away',
      ledger: { database: 'pglite', settles: 'durable' },
    });
  });

  test('counts the outbox once in 10 seconds for any number of requests', async () => {
    let counts = 0;
    const { health, clock } = watched(
      async () => {},
      async () => ({ waiting: (counts += 1), more: false }),
    );
    await Promise.all(Array.from({ length: 50 }, () => health.details({ isOperator: true })));
    await clock.advance(9_999);
    expect((await health.details({ isOperator: true })).ledger.outbox).toEqual({ waiting: 1, more: false });
    await clock.advance(1);
    expect((await health.details({ isOperator: true })).ledger.outbox).toEqual({ waiting: 2, more: false });
  });

  test('does not count the outbox while the database is down', async () => {
    let counts = 0;
    const { health } = watched(
      () => Promise.reject(new Error('gone')),
      async () => void (counts += 1),
    );
    expect(await health.details({ isOperator: true })).toMatchObject({ database: 'away' });
    expect(counts).toBe(0);
  });
});
