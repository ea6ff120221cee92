import { expect, test } from 'vitest';
import { z } from 'zod';
import { memoryCache, memoryConnections, localPrincipal, type CallContext } from '../../src/index.ts';
import { sharedReads } from '../../src/call/shared-reads.ts';
import { manualClock } from '../../src/testing/index.ts';
import { codeOf } from '../support/acme.ts';
import { said, cachedReadHost } from '../support/cached-read-host.ts';

const counted = () => {
  let runs = 0;
  return async () => String((runs += 1));
};

/** Runs that wait until the test ends them. */
function gated() {
  const waiting: { readonly context: CallContext; go(said: string): void; fail(error: Error): void }[] = [];
  const run = (context: CallContext): Promise<string> => {
    const { promise, resolve, reject } = Promise.withResolvers<string>();
    context.signal.addEventListener('abort', () => reject(context.signal.reason as Error));
    waiting.push({ context, go: resolve, fail: reject });
    return promise;
  };
  return { run, waiting, started: (count: number) => expect.poll(() => waiting.length).toBe(count) };
}

test('equal reads share the answer of the read that runs, and none can change it', async () => {
  const { run, waiting, started } = gated();
  const { read, statuses } = cachedReadHost(run);
  const all = Array.from({ length: 3 }, () => read('a'));
  await started(1);
  waiting[0]?.go('once');
  const [first, second] = await Promise.all(all);
  expect(first).toEqual(second);
  expect(statuses().toSorted()).toEqual(['cached', 'cached', 'executed']);
  expect(() => Object.assign(second?.structuredContent ?? {}, { said: 'changed' })).toThrow(TypeError);
});

test('if the running read fails, the next waiting read runs', async () => {
  const { run, waiting, started } = gated();
  const { read, statuses } = cachedReadHost(run);
  const all = Array.from({ length: 4 }, () => read('a'));
  await started(1);
  waiting[0]?.fail(new Error('broken'));
  await started(2);
  waiting[1]?.fail(new Error('broken'));
  await started(3);
  waiting[2]?.go('at last');
  expect((await Promise.all(all)).map((answer) => codeOf(answer) ?? said(answer))).toEqual(['INTERNAL', 'INTERNAL', 'at last', 'at last']);
  expect(statuses()).toEqual(['failed', 'failed', 'executed', 'cached']);
});

test('if the running read is cancelled or times out, the next waiting read runs within its own time', async () => {
  const clock = manualClock();
  const { run, waiting, started } = gated();
  const { read } = cachedReadHost(run, { clock, callTimeoutMs: 1_000 });
  const cancel = new AbortController();
  const cancelled = read('a', { signal: cancel.signal });
  await started(1);
  const late = read('a');
  await clock.advance(600);
  const last = read('a');
  await clock.advance(0);
  expect(waiting).toHaveLength(1);
  cancel.abort();
  expect(codeOf(await cancelled)).toBe('CANCELLED');
  await started(2);
  await clock.advance(400);
  expect(codeOf(await late)).toBe('DEADLINE_EXCEEDED');
  await started(3);
  waiting[2]?.go('in time');
  expect(said(await last)).toBe('in time');
});

test('a waiting read can be cancelled while the running read goes on', async () => {
  const clock = manualClock();
  const { run, waiting, started } = gated();
  const { read } = cachedReadHost(run, { clock });
  const first = read('a');
  await started(1);
  const cancel = new AbortController();
  const second = read('a', { signal: cancel.signal });
  await clock.advance(0);
  cancel.abort();
  expect(codeOf(await second)).toBe('CANCELLED');
  expect(waiting[0]?.context.signal.aborted).toBe(false);
  waiting[0]?.go('done');
  expect(said(await first)).toBe('done');
});

test('reads with another input, tenant, role or toolset share nothing; reads with another key of the tenant do', async () => {
  const principal = { tenant: 'acme', id: 'key-1', roles: ['a', 'b'], toolsets: ['default', 'x'] };
  const connections = memoryConnections(['acme', 'other'].map((tenant) => ({ tenant, connector: 'notes', config: {} })));
  const { read } = cachedReadHost(counted(), { connections });
  expect(said(await read('a', { principal }))).toBe('1');
  expect(said(await read('b', { principal }))).toBe('2');
  expect(said(await read('a', { principal: { ...principal, id: 'key-2', roles: ['b', 'a'], toolsets: ['x', 'default'] } }))).toBe('1');
  expect(said(await read('a', { principal: { ...principal, tenant: 'other' } }))).toBe('3');
  expect(said(await read('a', { principal: { ...principal, roles: ['a'] } }))).toBe('4');
  expect(said(await read('a', { principal: { ...principal, toolsets: ['default'] } }))).toBe('5');
  expect(said(await read('a', { principal: { ...principal, toolsets: undefined } }))).toBe('6');
});

test('tenants share no answers, even if a store gives their connections the same id', async () => {
  const cache = memoryCache();
  const run = counted();
  const hostOf = (tenant: string) =>
    cachedReadHost(run, { cache, connections: memoryConnections([{ id: 'same', tenant, connector: 'notes', config: {} }]) });
  expect(said(await hostOf('a').read('x', { principal: { ...localPrincipal, tenant: 'a' } }))).toBe('1');
  expect(said(await hostOf('b').read('x', { principal: { ...localPrincipal, tenant: 'b' } }))).toBe('2');
});

test('another version of the tool or of the connection does not get the kept answer', async () => {
  const cache = memoryCache();
  const run = counted();
  const connections = (version: string) => memoryConnections([{ connector: 'notes', config: {}, version }]);
  expect(said(await cachedReadHost(run, { cache, connections: connections('1') }).read('a'))).toBe('1');
  expect(said(await cachedReadHost(run, { cache, connections: connections('1') }).read('a'))).toBe('1');
  expect(said(await cachedReadHost(run, { cache, connections: connections('2') }).read('a'))).toBe('2');
  const changed = cachedReadHost(run, { cache, connections: connections('1'), description: 'Reads from other notes.' });
  expect(said(await changed.read('a'))).toBe('3');
});

test('a read that asks a person is neither kept nor shared', async () => {
  const { read, result } = cachedReadHost(async (context) => (await context.ask('Which?', z.object({ which: z.string() }))).which);
  expect((await result('a', { answers: {} })).kind).toBe('ask');
  const answered = (which: string) => read('a', { answers: { 'ask-1': { action: 'accept' as const, content: { which } } } });
  expect((await Promise.all([answered('this'), answered('that')])).map(said)).toEqual(['this', 'that']);
  expect((await result('a', { answers: {} })).kind).toBe('ask');
});

test('reads beyond the bounds of sharing run separately', async () => {
  const reads = sharedReads({ maxRunning: 1, maxWaiting: 1 });
  const { signal } = new AbortController();
  const held = Promise.withResolvers<void>();
  let runs = 0;
  const share = (key: string) =>
    reads.share(key, signal, async () => {
      runs += 1;
      await held.promise;
      return { answer: { content: [] } };
    });
  const all = [share('a'), share('a'), share('a'), share('b'), share('b')];
  expect(runs).toBe(4);
  held.resolve();
  expect((await Promise.all(all)).map(({ cached }) => cached ?? false)).toEqual([false, true, false, false, false]);
  expect(await share('b')).toEqual({ answer: { content: [] } });
});
