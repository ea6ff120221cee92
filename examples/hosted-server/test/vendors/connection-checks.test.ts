import { createHost, defineConnector, memoryConnections, ToolError, type Logger } from '@busbar/core';
import { manualClock } from '@busbar/core/testing';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { createConnectionChecks, type CheckReport } from '../../src/vendors/connection-checks.ts';

/** Creates checks of a connector whose connections are healthy for the tenants that `isHealthy` selects. */
function checked(tenants: number, isHealthy: (tenant: string) => boolean) {
  const clock = manualClock();
  const seen: string[] = [];
  let running = 0;
  let mostAtOnce = 0;
  const connector = defineConnector({
    spec: 'v1',
    id: 'acme',
    config: z.object({ tenant: z.string() }),
    open: ({ config }) => config,
    tools: () => [],
    check: async ({ tenant }) => {
      mostAtOnce = Math.max(mostAtOnce, (running += 1));
      await new Promise((resolve) => setImmediate(resolve));
      running -= 1;
      seen.push(tenant);
      if (!isHealthy(tenant)) throw new ToolError('UNAUTHENTICATED', 'The key hush-hush was refused.');
      return { account: tenant };
    },
  });
  const connections = memoryConnections(
    Array.from({ length: tenants }, (_, index) => {
      const tenant = `tenant-${String(index).padStart(3, '0')}`;
      return { id: tenant, connector: 'acme', tenant, config: { tenant } };
    }),
  );
  const lines: object[] = [];
  const write = (fields: object, message: string) => void lines.push({ ...fields, message });
  const log: Logger = { debug: write, info: write, warn: write, error: write };
  const rounds: CheckReport[] = [];
  const host = createHost({ connectors: [connector], connections, clock });
  const checks = createConnectionChecks({
    host,
    connectors: [connector],
    connections,
    clock,
    log,
    everyMs: 60_000,
    onRound: (report) => rounds.push(report),
  });
  return { clock, checks, rounds, seen, lines, mostAtOnce: () => mostAtOnce };
}

describe('createConnectionChecks', () => {
  test('checks at the start, then every everyMs, and reports how many passed', async () => {
    const { clock, checks, rounds } = checked(3, (tenant) => tenant !== 'tenant-001');
    expect(checks.report()).toEqual([]);
    checks.start();
    await expect.poll(() => rounds).toHaveLength(1);
    expect(checks.report()).toEqual([{ connector: 'acme', checked: 3, healthy: 2, at: '2026-01-01T00:00:00.000Z' }]);
    await clock.advance(59_999);
    expect(rounds).toHaveLength(1);
    await clock.advance(1);
    await expect.poll(() => rounds).toHaveLength(2);
    await checks.stop();
  });

  test('checks 50 connections in a round, 5 at a time, and continues with the others in the next', async () => {
    const { clock, checks, rounds, seen, mostAtOnce } = checked(120, () => true);
    checks.start();
    for (const round of [1, 2, 3]) {
      await expect.poll(() => rounds).toHaveLength(round);
      await expect.poll(() => clock.sleeping).toBe(1);
      await clock.advance(60_000);
    }
    await expect.poll(() => rounds).toHaveLength(4);
    expect(rounds.map((report) => report.checked)).toEqual([50, 50, 20, 50]);
    expect(new Set(seen.slice(0, 120)).size).toBe(120);
    expect(mostAtOnce()).toBe(5);
    await checks.stop();
  });

  test('logs only the id and code of a connection that fails its check', async () => {
    const { checks, rounds, lines } = checked(1, () => false);
    checks.start();
    await expect.poll(() => rounds).toHaveLength(1);
    expect(lines).toEqual([
      { connector: 'acme', connection: 'tenant-000', code: 'UNAUTHENTICATED', message: 'A connection failed its check' },
    ]);
    await checks.stop();
  });

  test('stops, and leaves no timer behind', async () => {
    const { clock, checks, rounds } = checked(1, () => true);
    checks.start();
    await expect.poll(() => rounds).toHaveLength(1);
    await expect.poll(() => clock.sleeping).toBe(1);
    await checks.stop();
    await expect.poll(() => clock.sleeping).toBe(0);
    await clock.advance(600_000);
    expect(rounds).toHaveLength(1);
  });

  test('reports nothing about a connector without connections', async () => {
    const { clock, checks, rounds } = checked(0, () => true);
    checks.start();
    await expect.poll(() => clock.sleeping).toBe(1);
    expect(rounds).toEqual([]);
    await checks.stop();
  });
});
