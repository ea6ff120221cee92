import { Registry } from 'prom-client';
import { describe, expect, test } from 'vitest';
import { promObserver } from '../../src/adapters/prom-client.ts';
import type { CallEvent } from '../../src/ports/observer.ts';

const event: CallEvent = {
  callId: 'call-1',
  tenant: 'acme',
  connector: 'zendesk',
  tool: 'zendesk_get_ticket',
  effect: 'read',
  status: 'executed',
  durationMs: 120,
  keyed: false,
  upstreamRequests: 1,
  startedAt: 0,
  attempts: [],
};

function observed() {
  const registry = new Registry();
  const observer = promObserver(registry);
  const line = async (start: string) =>
    (await registry.metrics()).split('\n').find((candidate) => candidate.startsWith(`${start} `)) ?? `no ${start}`;
  return { registry, observer, line };
}

describe('promObserver', () => {
  test('registers every metric before anything has happened', async () => {
    const { registry } = observed();
    expect(registry.getMetricsAsArray().map(({ name }) => name)).toEqual([
      'mcp_requests_total',
      'mcp_request_duration_seconds',
      'mcp_requests_failed_total',
      'mcp_idempotency_hits_total',
      'mcp_idempotency_misses_total',
      'mcp_rate_limit_exceeded_total',
      'mcp_requests_refused_total',
      'mcp_connector_requests_total',
      'mcp_connector_errors_total',
      'mcp_connector_wait_seconds_total',
      'mcp_connector_healthy',
      'mcp_circuit_breaker_state',
      'mcp_circuit_breaker_opened_total',
    ]);
  });

  test('starts the counters of a known connector at 0', async () => {
    const registry = new Registry();
    promObserver(registry, ['zendesk']);
    const metrics = await registry.metrics();
    for (const series of [
      'mcp_idempotency_hits_total{connector="zendesk"}',
      'mcp_idempotency_misses_total{connector="zendesk"}',
      'mcp_connector_requests_total{connector="zendesk"}',
      'mcp_circuit_breaker_opened_total{connector="zendesk"}',
      'mcp_circuit_breaker_state{connector="zendesk",state="open"}',
      'mcp_circuit_breaker_state{connector="zendesk",state="half-open"}',
    ])
      expect(metrics).toContain(`${series} 0\n`);
  });

  test('adds up the waits before attempts, in seconds', async () => {
    const { observer, line } = observed();
    const wait = { kind: 'wait', connector: 'zendesk', connection: 'c1', operation: 'GET /', reason: 'retry-after' } as const;
    observer.upstream?.({ ...wait, durationMs: 1_500 });
    observer.upstream?.({ ...wait, durationMs: 500 });
    expect(await line('mcp_connector_wait_seconds_total{connector="zendesk",reason="retry-after"}')).toMatch(/ 2$/);
    expect(await line('mcp_connector_requests_total{connector="zendesk"}')).toBe('no mcp_connector_requests_total{connector="zendesk"}');
  });

  test('counts and times a call', async () => {
    const { observer, line } = observed();
    observer.call?.(event);
    observer.call?.({ ...event, durationMs: 80 });
    const labels = 'connector="zendesk",tool="zendesk_get_ticket"';
    expect(await line(`mcp_requests_total{${labels},status="executed"}`)).toMatch(/ 2$/);
    expect(await line(`mcp_request_duration_seconds_sum{${labels}}`)).toMatch(/ 0\.2$/);
    expect(await line(`mcp_request_duration_seconds_bucket{le="0.1",${labels}}`)).toMatch(/ 1$/);
    expect(await line(`mcp_requests_failed_total{${labels},code="NOT_FOUND"}`)).toMatch(/^no /);
  });

  test('counts a failed call by its code', async () => {
    const { observer, line } = observed();
    observer.call?.({ ...event, status: 'failed', code: 'NOT_FOUND' });
    expect(await line('mcp_requests_failed_total{connector="zendesk",tool="zendesk_get_ticket",code="NOT_FOUND"}')).toMatch(/ 1$/);
  });

  test('a call with a key is a hit if an earlier call’s answer was used, and a miss if it ran, however it ended', async () => {
    const { observer, line } = observed();
    const counts = () =>
      Promise.all(['hits', 'misses'].map((name) => line(`mcp_idempotency_${name}_total{connector="zendesk"}`))).then((lines) =>
        lines.map((each) => Number(each.split(' ').at(-1))),
      );
    for (const status of ['executed', 'replayed', 'refused'] as const) observer.call?.({ ...event, status });
    expect(await counts()).toEqual([NaN, NaN]);
    observer.call?.({ ...event, status: 'refused', code: 'IDEMPOTENCY_CONFLICT', keyed: true });
    expect(await counts()).toEqual([NaN, NaN]);
    for (const status of ['executed', 'failed', 'unknown'] as const) observer.call?.({ ...event, status, keyed: true });
    for (const status of ['replayed', 'replayed'] as const) observer.call?.({ ...event, status, keyed: true });
    expect(await counts()).toEqual([2, 3]);
  });

  test('counts attempts, and the failed ones by code', async () => {
    const { observer, line } = observed();
    const attempt = { kind: 'attempt', connector: 'zendesk', connection: 'con_1', operation: 'GET /tickets/{id}', durationMs: 5 } as const;
    observer.upstream?.(attempt);
    observer.upstream?.({ ...attempt, code: 'UPSTREAM_UNAVAILABLE' });
    expect(await line('mcp_connector_requests_total{connector="zendesk"}')).toMatch(/ 2$/);
    expect(await line('mcp_connector_errors_total{connector="zendesk",code="UPSTREAM_UNAVAILABLE"}')).toMatch(/ 1$/);
  });

  test('counts refusals by reason, and rate limits in a separate metric as well', async () => {
    const { observer, line } = observed();
    observer.refused?.({ reason: 'rate-limit' });
    observer.refused?.({ reason: 'unauthenticated' });
    expect(await line('mcp_rate_limit_exceeded_total')).toMatch(/ 1$/);
    expect(await line('mcp_requests_refused_total{reason="unauthenticated"}')).toMatch(/ 1$/);
  });

  test('counts the connections whose breaker is open or half-open, and how often breakers opened', async () => {
    const { observer, line } = observed();
    const turn = (connection: string, state: 'open' | 'half-open' | 'closed') =>
      observer.upstream?.({ kind: 'breaker', connector: 'zendesk', connection, state });
    const open = () => line('mcp_circuit_breaker_state{connector="zendesk",state="open"}');
    const halfOpen = () => line('mcp_circuit_breaker_state{connector="zendesk",state="half-open"}');
    turn('a', 'open');
    turn('b', 'open');
    turn('b', 'open');
    expect(await open()).toMatch(/ 2$/);
    turn('a', 'half-open');
    expect([await open(), await halfOpen()]).toEqual([expect.stringMatching(/ 1$/), expect.stringMatching(/ 1$/)]);
    turn('a', 'closed');
    turn('b', 'closed');
    turn('never-opened', 'closed');
    expect([await open(), await halfOpen()]).toEqual([expect.stringMatching(/ 0$/), expect.stringMatching(/ 0$/)]);
    expect(await line('mcp_circuit_breaker_opened_total{connector="zendesk"}')).toMatch(/ 3$/);
  });

  test('remembers at most 10,000 breakers that are not closed', async () => {
    const { observer, line } = observed();
    for (let index = 0; index < 10_005; index++)
      observer.upstream?.({ kind: 'breaker', connector: 'zendesk', connection: `con_${index}`, state: 'open' });
    expect(await line('mcp_circuit_breaker_state{connector="zendesk",state="open"}')).toMatch(/ 10000$/);
  });

  test('shows the share of healthy connections', async () => {
    const { observer, line } = observed();
    observer.healthy('zendesk', 0.5);
    expect(await line('mcp_connector_healthy{connector="zendesk"}')).toMatch(/ 0\.5$/);
  });

  test('has as many series for a thousand tenants as for one, and names none of them', async () => {
    const { observer, registry } = observed();
    const seriesAfter = async (calls: number) => {
      for (let index = 0; index < calls; index++) {
        observer.call?.({ ...event, callId: `call-${index}`, tenant: `tenant-${index}` });
        observer.upstream?.({
          kind: 'attempt',
          connector: 'zendesk',
          connection: `con_${index}`,
          operation: `GET /${index}`,
          durationMs: 1,
        });
        observer.upstream?.({ kind: 'breaker', connector: 'zendesk', connection: `con_${index}`, state: 'open' });
      }
      return registry.metrics();
    };
    const forOne = await seriesAfter(1);
    const thousand = await seriesAfter(1_000);
    expect(thousand.split('\n')).toHaveLength(forOne.split('\n').length);
    expect(thousand).not.toMatch(/tenant|con_|call-/);
  });
});
