import { expect, onTestFinished, test } from 'vitest';
import { cockatielResilience } from '../../src/adapters/cockatiel.ts';
import { gotHttpClient } from '../../src/adapters/got.ts';
import {
  createHost,
  localPrincipal,
  memoryCache,
  memoryConnections,
  memoryMetering,
  memoryState,
  type DeliveryReport,
} from '../../src/index.ts';
import { manualClock, startSimulator } from '../../src/testing/index.ts';
import { mixpanel } from '../contract/mixpanel.ts';

/** A host with the outbox plugin, against a vendor that refuses events named “bad”. */
async function startHost() {
  const clock = manualClock();
  const imported: string[] = [];
  const reports: DeliveryReport[] = [];
  const cleared: string[] = [];
  const simulator = await startSimulator({
    routes: {
      'POST /import': ({ body }) => {
        const events = body as { event: string; properties: { $insert_id: string } }[];
        imported.push(...events.map(({ event }) => event));
        const failed = events.filter(({ event }) => event === 'bad');
        const failed_records = failed.map(({ properties }) => ({ insert_id: properties.$insert_id, message: 'No such event.' }));
        return failed.length > 0 ? { status: 400, body: { failed_records } } : { status: 200, body: {} };
      },
    },
  });
  onTestFinished(() => simulator.close());
  const state = memoryState();
  const start = () => {
    const host = createHost({
      connectors: [mixpanel],
      connections: memoryConnections([{ connector: 'mixpanel', id: 'conn-1', config: { projectId: '1', user: 'u', secret: 'canary' } }]),
      httpClient: gotHttpClient(),
      resilience: cockatielResilience({ clock }),
      metering: memoryMetering({ clock, recordReport: (report) => void reports.push(report) }),
      remapOrigins: { 'https://api.mixpanel.com': simulator.url },
      cache: { ...memoryCache(), clear: async (scope) => void cleared.push(scope) },
      clock,
      state,
    });
    onTestFinished(() => host.close());
    const track = async (event: string): Promise<string> => {
      const result = await host.call({
        principal: localPrincipal,
        tool: 'mixpanel_track_event',
        arguments: { event, distinctId: 'ann' },
        signal: new AbortController().signal,
      });
      if (result.kind === 'ask') throw new Error('asked');
      return (result.answer.structuredContent as { insertId: string }).insertId;
    };
    return { host, track };
  };
  return { start, clock, imported, reports, cleared, simulator };
}

test('a job delivers the work that a call accepted, and reports it under the caller’s id', async () => {
  const { start, clock, imported, reports } = await startHost();
  const { host, track } = start();
  host.start();
  const good = await track('good');
  const bad = await track('bad');
  await clock.advance(4_999);
  expect(imported).toEqual([]);
  await clock.advance(1);
  await expect
    .poll(() => reports)
    .toEqual([
      { connector: 'mixpanel', connection: 'conn-1', accepted: good, outcome: 'delivered' },
      { connector: 'mixpanel', connection: 'conn-1', accepted: bad, outcome: 'refused', message: 'No such event.' },
    ]);
  expect(imported).toEqual(['good', 'bad']);
});

test('a host delivers waiting work before it closes', async () => {
  const { start, imported, reports } = await startHost();
  const { host, track } = start();
  host.start();
  await track('last');
  await host.close();
  expect(imported).toEqual(['last']);
  expect(reports).toMatchObject([{ outcome: 'delivered' }]);
});

test('the next process delivers work that a process left behind', async () => {
  const { start, clock, imported } = await startHost();
  await start().track('left behind');
  const { host } = start();
  host.start();
  await clock.advance(5_000);
  await expect.poll(() => imported).toEqual(['left behind']);
});

test('a job’s write clears the cache of its connection; accepting work, or a run that writes nothing, does not', async () => {
  const { start, clock, imported, cleared } = await startHost();
  const { host, track } = start();
  host.start();
  await track('good');
  expect(cleared).toEqual([]);
  await clock.advance(5_000);
  await expect.poll(() => imported).toEqual(['good']);
  await expect.poll(() => cleared).toEqual(['conn-1']);
  await host.close();
  expect(cleared).toEqual(['conn-1']);
});
