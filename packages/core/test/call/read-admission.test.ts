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

/** A vendor that answers every request, a connector with one read, and the calls of its metering. */
async function vendorHost(
  run: (get: (id?: string) => Promise<unknown>, context: CallContext) => Promise<string>,
  over: Partial<Metering> = {},
) {
  const vendor = await startSimulator({ routes: { 'GET /items/{id}': () => ({ status: 200, body: {} }) } });
  const metered: string[] = [];
  const events: CallEvent[] = [];
  const sound = memoryMetering({ record: (_, outcome) => void metered.push(typeof outcome === 'object' ? outcome.status : outcome) });
  const open = { ...sound, ...over };
  const metering: Metering = {
    ...open,
    admit: (call, options) => (metered.push('admit'), open.admit(call, options)),
    settle: (admission, outcome) => (metered.push('settle'), open.settle(admission, outcome)),
    record: (call, outcome) => (metered.push('record'), open.record(call, outcome)),
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
  return { read, metered, vendor, statuses: () => events.map(({ status }) => status) };
}

test('a read without an upstream request is recorded in one write, after it has run', async () => {
  const { read, metered, statuses } = await vendorHost(async () => 'here');
  expect(said(await read())).toBe('here');
  expect(metered).toEqual(['record', 'executed']);
  expect(statuses()).toEqual(['executed']);
});

test('a read is admitted once, before its first upstream request', async () => {
  const admitting = Promise.withResolvers<void>();
  const sound = memoryMetering();
  const { read, metered, vendor } = await vendorHost(
    async (get) => {
      await Promise.all([get('a'), get('b')]);
      await get('c');
      return 'there';
    },
    { admit: async (call, options) => (await admitting.promise, sound.admit(call, options)) },
  );
  const answer = read();
  await expect.poll(() => metered).toEqual(['admit']);
  // Longer than the request would have taken.
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
  expect(metered).toEqual(['admit', 'settle', 'executed']);
});

test('the caller of a read that is refused before its first request gets the refusal, even if the tool catches it, and nothing is sent', async () => {
  const { read, metered, vendor, statuses } = await vendorHost(async (get) => get().then(String, () => 'never mind'), {
    admit: () => Promise.reject(quotaRefusal()),
  });
  expect(codeOf(await read())).toBe('QUOTA_EXCEEDED');
  expect(vendor.requests).toEqual([]);
  expect(metered).toEqual(['admit']);
  expect(statuses()).toEqual(['refused']);
});

test('the caller of a read whose record is refused gets the refusal, and the next such read runs only after it is admitted', async () => {
  let runs = 0;
  let full = true;
  const sound = memoryMetering();
  const { read, metered, statuses } = await vendorHost(async () => String((runs += 1)), {
    admit: (call, options) => (full ? Promise.reject(quotaRefusal()) : sound.admit(call, options)),
    record: () => (full ? Promise.reject(quotaRefusal()) : Promise.resolve()),
  });
  const answers = [await read(), await read(), await read({ principal: { ...localPrincipal, id: 'another' } })];
  expect(answers.map(codeOf)).toEqual(['QUOTA_EXCEEDED', 'QUOTA_EXCEEDED', 'QUOTA_EXCEEDED']);
  expect(runs).toBe(2);
  full = false;
  expect([said(await read()), said(await read())]).toEqual(['3', '4']);
  expect(metered).toEqual(['record', 'admit', 'record', 'admit', 'settle', 'executed', 'record']);
  expect(statuses()).toEqual(['refused', 'refused', 'refused', 'executed', 'executed']);
});

test('a read that fails or asks before its first upstream request is recorded as failed or asked', async () => {
  const failing = await vendorHost(() => Promise.reject(new ToolError('NOT_FOUND', 'Not here.')));
  expect(codeOf(await failing.read())).toBe('NOT_FOUND');
  expect(failing.metered).toEqual(['record', 'failed']);
  const asking = await vendorHost(async (_, context) => (await context.ask('Sure?', z.object({ sure: z.boolean() }))) && 'sure');
  await expect(asking.read({ answers: {} })).rejects.toThrow('asked');
  expect(asking.metered).toEqual(['record', 'asked']);
});

test('work that a read leaves running sends nothing once the read is being recorded', async () => {
  const recording = Promise.withResolvers<void>();
  const resume = Promise.withResolvers<void>();
  let left: Promise<unknown> = Promise.resolve();
  const { read, metered, vendor } = await vendorHost(
    async (get) => {
      left = resume.promise.then(() => get()).catch((error: unknown) => ToolError.is(error) && error.code);
      return 'done';
    },
    { record: () => recording.promise },
  );
  const answer = read();
  await expect.poll(() => metered).toEqual(['record']);
  resume.resolve();
  expect(await left).toBe('CANCELLED');
  recording.resolve();
  expect(said(await answer)).toBe('done');
  expect([vendor.requests, metered]).toEqual([[], ['record']]);
});

test('a read that is cancelled before its first upstream request is not admitted', async () => {
  const cancel = new AbortController();
  const { read, metered, vendor } = await vendorHost(async (get) => {
    cancel.abort();
    return String(await get());
  });
  expect(codeOf(await read({ signal: cancel.signal }))).toBe('CANCELLED');
  expect([vendor.requests, metered]).toEqual([[], ['record', 'failed']]);
});

test('a read whose caller disconnects before it begins neither runs nor is recorded', async () => {
  let runs = 0;
  const { read, metered, statuses } = await vendorHost(async () => String((runs += 1)));
  expect(codeOf(await read({ signal: AbortSignal.abort() }))).toBe('CANCELLED');
  expect([runs, metered, statuses()]).toEqual([0, [], ['refused']]);
  await read();
  expect(metered).toEqual(['record', 'executed']);
});

test('the newest 10,000 refused reads are remembered by principal, connection and tool', () => {
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
