import { expect, onTestFinished, test } from 'vitest';
import { z } from 'zod';
import { cockatielResilience } from '../../src/adapters/cockatiel.ts';
import { gotHttpClient } from '../../src/adapters/got.ts';
import {
  createHost,
  defineConnector,
  localPrincipal,
  memoryMetering,
  ToolError,
  type CallContext,
  type CallEvent,
  type CallRequest,
  type Context,
  type Metering,
} from '../../src/index.ts';
import { refusedReads } from '../../src/call/refused-reads.ts';
import { startSimulator } from '../../src/testing/index.ts';
import { codeOf } from '../support/acme.ts';
import { callOf } from '../support/call-of.ts';
import { said } from '../support/cached-read-host.ts';

const quotaRefusal = () => new ToolError('QUOTA_EXCEEDED', 'Used up.');

/** A vendor that answers everything, a connector whose read does what the test says, and what its metering is asked. */
async function vendorHost(
  run: (get: (id?: string) => Promise<unknown>, context: CallContext) => Promise<string>,
  over: Partial<Metering> = {},
) {
  const vendor = await startSimulator({ routes: { 'GET /items/{id}': () => ({ status: 200, body: {} }) } });
  const asked: string[] = [];
  const events: CallEvent[] = [];
  const sound = memoryMetering({ record: (_, outcome) => void asked.push(typeof outcome === 'object' ? outcome.status : outcome) });
  const open = { ...sound, ...over };
  const metering: Metering = {
    ...open,
    admit: (call, signal) => (asked.push('admit'), open.admit(call, signal)),
    settle: (admission, outcome) => (asked.push('settle'), open.settle(admission, outcome)),
    record: (call, outcome) => (asked.push('record'), open.record(call, outcome)),
  };
  const connector = defineConnector({
    spec: 'v1',
    id: 'far',
    config: z.object({}),
    origins: () => ['https://far.example'],
    open: ({ http }) => ({
      get: (context: Context, id = '1') => http.request({ method: 'GET', path: '/items/{id}', params: { id } }, context),
    }),
    tools: (tool) => [
      tool({
        name: 'far_read_it',
        description: 'Reads.',
        effect: 'read',
        input: z.object({}),
        output: z.object({ said: z.string() }),
        run: async (_, client, context) => ({ said: await run((id) => client.get(context, id), context) }),
      }),
    ],
  });
  const host = createHost({
    connectors: [connector],
    httpClient: gotHttpClient(),
    resilience: cockatielResilience(),
    remapOrigins: { 'https://far.example': vendor.url },
    metering,
    observer: { call: (event) => void events.push(event) },
  });
  onTestFinished(async () => {
    await host.close(0);
    await vendor.close();
  });
  const read = async (over: Partial<CallRequest> = {}) => {
    const ended = await host.call({
      principal: localPrincipal,
      tool: 'far_read_it',
      arguments: {},
      signal: new AbortController().signal,
      ...over,
    });
    if (ended.kind === 'ask') throw new Error('asked');
    return ended.answer;
  };
  return { read, asked, vendor, statuses: () => events.map(({ status }) => status) };
}

test('a read that goes nowhere is recorded whole, when it has run', async () => {
  const { read, asked, statuses } = await vendorHost(async () => 'here');
  expect(said(await read())).toBe('here');
  expect(asked).toEqual(['record', 'executed']);
  expect(statuses()).toEqual(['executed']);
});

test('a read is admitted before its first request goes out, and once for all of them', async () => {
  const admitting = Promise.withResolvers<void>();
  const sound = memoryMetering();
  const { read, asked, vendor } = await vendorHost(
    async (get) => {
      await Promise.all([get('a'), get('b')]);
      await get('c');
      return 'there';
    },
    { admit: async (call, signal) => (await admitting.promise, sound.admit(call, signal)) },
  );
  const answer = read();
  await expect.poll(() => asked).toEqual(['admit']);
  // More than a request would have taken.
  await fetch(vendor.url);
  expect(vendor.requests.map(({ path }) => path)).toEqual(['/']);
  admitting.resolve();
  expect(said(await answer)).toBe('there');
  expect(
    vendor.requests
      .slice(1)
      .map(({ path }) => path)
      .toSorted(),
  ).toEqual(['/items/a', '/items/b', '/items/c']);
  expect(asked).toEqual(['admit', 'settle', 'executed']);
});

test('a read that is refused on its way out hears the refusal, whatever its tool makes of it, and the vendor nothing', async () => {
  const { read, asked, vendor, statuses } = await vendorHost(async (get) => get().then(String, () => 'never mind'), {
    admit: () => Promise.reject(quotaRefusal()),
  });
  expect(codeOf(await read())).toBe('QUOTA_EXCEEDED');
  expect(vendor.requests).toEqual([]);
  expect(asked).toEqual(['admit']);
  expect(statuses()).toEqual(['refused']);
});

test('a read whose record is refused hears the refusal; the next one like it runs only once it is admitted', async () => {
  let runs = 0;
  let full = true;
  const sound = memoryMetering();
  const { read, asked, statuses } = await vendorHost(async () => String((runs += 1)), {
    admit: (call, signal) => (full ? Promise.reject(quotaRefusal()) : sound.admit(call, signal)),
    record: () => (full ? Promise.reject(quotaRefusal()) : Promise.resolve()),
  });
  const answers = [await read(), await read(), await read({ principal: { ...localPrincipal, id: 'another' } })];
  expect(answers.map(codeOf)).toEqual(['QUOTA_EXCEEDED', 'QUOTA_EXCEEDED', 'QUOTA_EXCEEDED']);
  expect(runs).toBe(2);
  full = false;
  expect([said(await read()), said(await read())]).toEqual(['3', '4']);
  expect(asked).toEqual(['record', 'admit', 'record', 'admit', 'settle', 'executed', 'record']);
  expect(statuses()).toEqual(['refused', 'refused', 'refused', 'executed', 'executed']);
});

test('a read that fails, or asks, before it goes anywhere is recorded as that', async () => {
  const failing = await vendorHost(() => Promise.reject(new ToolError('NOT_FOUND', 'Not here.')));
  expect(codeOf(await failing.read())).toBe('NOT_FOUND');
  expect(failing.asked).toEqual(['record', 'failed']);
  const asking = await vendorHost(async (_, context) => (await context.ask('Sure?', z.object({ sure: z.boolean() }))) && 'sure');
  await expect(asking.read({ answers: {} })).rejects.toThrow('asked');
  expect(asking.asked).toEqual(['record', 'asked']);
});

test('what a read leaves running goes nowhere once the read is being recorded', async () => {
  const recording = Promise.withResolvers<void>();
  const goOn = Promise.withResolvers<void>();
  let left: Promise<unknown> = Promise.resolve();
  const { read, asked, vendor } = await vendorHost(
    async (get) => {
      left = goOn.promise.then(() => get()).catch((error: unknown) => ToolError.is(error) && error.code);
      return 'done';
    },
    { record: () => recording.promise },
  );
  const answer = read();
  await expect.poll(() => asked).toEqual(['record']);
  goOn.resolve();
  expect(await left).toBe('CANCELLED');
  recording.resolve();
  expect(said(await answer)).toBe('done');
  expect([vendor.requests, asked]).toEqual([[], ['record']]);
});

test('a read that is cancelled before it goes out is not admitted', async () => {
  const cancel = new AbortController();
  const { read, asked, vendor } = await vendorHost(async (get) => {
    cancel.abort();
    return String(await get());
  });
  expect(codeOf(await read({ signal: cancel.signal }))).toBe('CANCELLED');
  expect([vendor.requests, asked]).toEqual([[], ['record', 'failed']]);
});

test('a read whose caller has left before it begins is neither run nor recorded', async () => {
  let runs = 0;
  const { read, asked, statuses } = await vendorHost(async () => String((runs += 1)));
  expect(codeOf(await read({ signal: AbortSignal.abort() }))).toBe('CANCELLED');
  expect([runs, asked, statuses()]).toEqual([0, [], ['refused']]);
  await read();
  expect(asked).toEqual(['record', 'executed']);
});

test('of refused reads the newest 10,000 are remembered, each by who called what', () => {
  const refused = refusedReads();
  const call = callOf({ effect: 'read' });
  for (const other of [{ tool: 'a' }, { connection: 'a' }, { principal: { ...call.principal, id: 'a' } }]) {
    refused.add(callOf({ ...call, ...other }));
    expect(refused.has(call)).toBe(false);
  }
  for (let index = 0; index < 10_000; index += 1) refused.add(callOf({ tool: String(index) }));
  expect(['a', '0', '9999'].map((tool) => refused.has(callOf({ tool })))).toEqual([false, true, true]);
  refused.add(call);
  expect(['0', '1'].map((tool) => refused.has(callOf({ tool })))).toEqual([false, true]);
  refused.delete(call);
  expect(refused.has(call)).toBe(false);
});
