import { EventEmitter, once } from 'node:events';
import { afterEach, expect, test } from 'vitest';
import { z } from 'zod';
import {
  createHost,
  defineConnector,
  localPrincipal,
  memoryConnections,
  memoryMetering,
  result,
  secret,
  ToolError,
  type Call,
  type CallContext,
  type CallRequest,
  type CallResult,
  type Host,
  type HostOptions,
  type Logger,
  type Metering,
  type Outcome,
} from '../src/index.ts';
import { manualClock } from '../src/testing/index.ts';
import { codeOf, textOf } from './support/acme.ts';

/** A connector whose tools all run the same function. */
function scripted(run: (context: CallContext, input: { text: string }) => Promise<unknown>) {
  const input = z.object({ text: z.string().default('').describe('Anything') });
  const output = z.object({ said: z.string() });
  return defineConnector({
    spec: 'v1',
    id: 'script',
    connections: 'many',
    config: z.object({ from: z.string().default('nowhere') }),
    open: () => ({}),
    tools: (tool) => [
      tool({
        name: 'script_read_it',
        description: 'Reads.',
        effect: 'read',
        input,
        output,
        run: async (args, _, context) => (await run(context, args)) as { said: string },
      }),
      tool({
        name: 'script_write_it',
        description: 'Writes.',
        effect: 'write',
        input,
        output,
        run: async (args, _, context) => (await run(context, args)) as { said: string },
      }),
      tool({
        name: 'script_cached_read',
        description: 'Reads, cached.',
        effect: 'read',
        cache: { ttlMs: 1_000 },
        input,
        output,
        run: async (args, _, context) => (await run(context, args)) as { said: string },
      }),
      tool({
        name: 'script_show_it',
        description: 'Shows.',
        effect: 'read',
        input,
        run: async (args, _, context) => (await run(context, args)) as never,
      }),
    ],
  });
}

const hosts: Host[] = [];
afterEach(() => Promise.all(hosts.splice(0).map((host) => host.close(0))));

function scriptedHost(run: (context: CallContext, input: { text: string }) => Promise<unknown>, options: Partial<HostOptions> = {}) {
  const lines: { level: string; fields: Record<string, unknown>; message: string }[] = [];
  const at = (level: string) => (fields: object, message: string) =>
    void lines.push({ level, fields: fields as Record<string, unknown>, message });
  const log: Logger = { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
  const settled: Outcome[] = [];
  const metering = memoryMetering({ record: (_, outcome) => void (typeof outcome === 'object' && settled.push(outcome)) });
  const host = createHost({ connectors: [scripted(run)], log, metering, ...options });
  hosts.push(host);
  const request = (tool: string, args: object = {}, extra: Partial<CallRequest> = {}): CallRequest => ({
    principal: localPrincipal,
    tool,
    arguments: args,
    signal: new AbortController().signal,
    ...extra,
  });
  const result = (tool: string, args: object = {}, extra: Partial<CallRequest> = {}): Promise<CallResult> =>
    host.call(request(tool, args, extra));
  const call = async (...args: Parameters<typeof result>) => {
    const ended = await result(...args);
    if (ended.kind === 'ask') throw new Error('asked');
    return ended.answer;
  };
  return { host, call, result, lines, settled };
}

const ok = async () => ({ said: 'hi' });

test('the host answers with structured content and its JSON as text', async () => {
  const { call } = scriptedHost(ok);
  expect(await call('script_read_it')).toEqual({ content: [{ type: 'text', text: '{"said":"hi"}' }], structuredContent: { said: 'hi' } });
});

test('an answer shows content, metadata and warnings of a result', async () => {
  const { call } = scriptedHost(async (context) => {
    context.warn('mind the gap');
    return result({ said: 'hi' }, { content: [{ type: 'image', data: 'AAAA', mimeType: 'image/png' }], meta: { 'acme/page': 1 } });
  });
  expect(await call('script_read_it')).toEqual({
    content: [
      { type: 'image', data: 'AAAA', mimeType: 'image/png' },
      { type: 'text', text: 'Warning: mind the gap' },
    ],
    structuredContent: { said: 'hi' },
    meta: { 'acme/page': 1 },
  });
});

test('a call keeps at most 20 warnings of at most 500 characters', async () => {
  const { call } = scriptedHost(async (context) => {
    for (let i = 0; i < 30; i += 1) context.warn('w'.repeat(600));
    return { said: 'hi' };
  });
  const { content } = await call('script_read_it');
  expect(content).toHaveLength(21);
  expect(content[1]).toEqual({ type: 'text', text: `Warning: ${'w'.repeat(500)}` });
});

test('a tool without an output schema shows only its content', async () => {
  const { call } = scriptedHost(async () => result(undefined, { content: [{ type: 'text', text: 'seen' }] }));
  expect(await call('script_show_it')).toEqual({ content: [{ type: 'text', text: 'seen' }] });
});

test('an unknown tool is TOOL_NOT_FOUND, the only error that `call` throws', async () => {
  const { result } = scriptedHost(ok);
  await expect(result('script_nothing')).rejects.toMatchObject({ code: 'TOOL_NOT_FOUND' });
});

test('a ToolError is shown with its warnings, and its cause goes only to the log', async () => {
  const { call, lines, settled } = scriptedHost(async (context) => {
    context.warn('careful');
    throw new ToolError('NOT_FOUND', 'No such thing. Search for it.', { cause: new Error('inner'), retryAfterMs: 1_500.4 });
  });
  const answer = await call('script_read_it');
  expect(answer).toMatchObject({
    content: [{ text: 'NOT_FOUND: No such thing. Search for it.' }, { text: 'Warning: careful' }],
    isError: true,
    meta: { 'busbar/error': { code: 'NOT_FOUND', retryAfterMs: 1_501, callId: expect.any(String) as string } },
  });
  expect(JSON.stringify(lines.map(({ fields }) => fields))).toContain('inner');
  expect(settled).toMatchObject([{ status: 'failed', wrote: 'no' }]);
});

test.each([
  ['an error', new TypeError('secret detail of /etc/passwd')],
  ['a string', 'secret detail'],
  ['nothing', undefined],
  ['an object', { detail: 'secret detail' }],
])('%s that a tool throws is masked, and logged under the id that the caller gets', async (_, thrown) => {
  const { call, lines } = scriptedHost(async () => {
    throw thrown;
  });
  const answer = await call('script_read_it');
  expect(codeOf(answer)).toBe('INTERNAL');
  expect(JSON.stringify(answer)).not.toContain('secret detail');
  const callId = (answer.meta?.['busbar/error'] as { callId: string } | undefined)?.callId ?? 'no id';
  expect(textOf(answer)).toContain(callId);
  expect(lines.find(({ level }) => level === 'error')?.fields).toMatchObject({ callId });
});

test('a ToolError of another copy of the package is recognized by its brand', async () => {
  const { call } = scriptedHost(async () => {
    throw Object.assign(new Error('theirs'), { [Symbol.for('busbar.ToolError')]: true, code: 'CONFLICT' });
  });
  expect(textOf(await call('script_read_it'))).toBe('CONFLICT: theirs');
});

test('a read’s output that breaks its schema is the connector’s fault', async () => {
  const { call } = scriptedHost(async () => ({ said: 1 }));
  expect(codeOf(await call('script_read_it'))).toBe('INTERNAL');
});

test('the error for a result that is too large says how to narrow it', async () => {
  const { call } = scriptedHost(async () => ({ said: 'x'.repeat(2_000) }), { maxAnswerBytes: 1_000 });
  const answer = await call('script_read_it');
  expect(codeOf(answer)).toBe('RESULT_TOO_LARGE');
  expect(textOf(answer)).toContain('Ask for less');
});

test.each([
  ['too large', { said: 'x'.repeat(2_000) }],
  ['in another form', { said: 1 }],
  ['no JSON', { said: 1n }],
])('after accepted work, the answer for a result that is %s says that the work is done', async (_, output) => {
  const { call, settled } = scriptedHost(async () => result(output, { accepted: 'a1' }), { maxAnswerBytes: 1_000 });
  const answer = await call('script_write_it');
  expect(textOf(answer)).toContain('The call was carried out');
  expect(textOf(answer)).toContain('Do not repeat it');
  expect(settled).toMatchObject([{ status: 'accepted', accepted: 'a1' }]);
});

test('middleware runs in order around metering, can refuse a call, and gets the validated call', async () => {
  const seen: string[] = [];
  const { call, settled } = scriptedHost(ok, {
    middleware: [
      async (view, next) => {
        seen.push(`in ${view.tool} ${JSON.stringify(view.input)}`);
        const answer = await next();
        seen.push('out');
        return answer;
      },
      async ({ input }, next) => {
        if ((input as { text: string }).text === 'stop') throw new ToolError('FORBIDDEN', 'Not now.');
        return await next();
      },
    ],
  });
  await call('script_read_it', { text: 'go' });
  expect(codeOf(await call('script_read_it', { text: 'stop' }))).toBe('FORBIDDEN');
  expect(seen).toEqual(['in script_read_it {"text":"go"}', 'out', 'in script_read_it {"text":"stop"}']);
  expect(settled).toHaveLength(1);
});

test('an equal read is served from the cache within its `ttlMs`, and a read with another input is not', async () => {
  const clock = manualClock();
  let runs = 0;
  const { call, settled } = scriptedHost(async () => ({ said: String((runs += 1)) }), { clock });
  const first = await call('script_cached_read', { text: 'a' });
  expect(await call('script_cached_read', { text: 'a' })).toEqual(first);
  await call('script_cached_read', { text: 'b' });
  expect(runs).toBe(2);
  expect(settled.map(({ status }) => status)).toEqual(['executed', 'cached', 'executed']);
  await clock.advance(1_001);
  await call('script_cached_read', { text: 'a' });
  expect(runs).toBe(3);
});

test('errors are not cached', async () => {
  let runs = 0;
  const { call } = scriptedHost(async () => {
    runs += 1;
    throw new ToolError('NOT_FOUND', 'no');
  });
  await call('script_cached_read');
  await call('script_cached_read');
  expect(runs).toBe(2);
});

test('an idempotency key of a read has no effect, and metering does not get it', async () => {
  const keys: unknown[] = [];
  const metering = memoryMetering();
  const noteKey = <T>({ key, inputHash }: Call, work: T) => (keys.push([key, inputHash.length]), work);
  const { call } = scriptedHost(ok, {
    metering: {
      ...metering,
      admit: (entry, options) => noteKey(entry, metering.admit(entry, options)),
      record: (entry, outcome) => noteKey(entry, metering.record(entry, outcome)),
    },
  });
  await call('script_read_it', {}, { idempotencyKey: 'k' });
  await call('script_write_it', {}, { idempotencyKey: 'k' });
  expect(keys).toEqual([
    [undefined, 0],
    ['k', 64],
  ]);
});

test('a failing cache does not fail a call', async () => {
  const down = async (): Promise<never> => Promise.reject(new Error('no cache today'));
  for (const get of [down, async () => ({ token: 't' })]) {
    const { call, lines } = scriptedHost(ok, { cache: { get, set: down, clear: down } });
    expect((await call('script_cached_read')).structuredContent).toEqual({ said: 'hi' });
    expect(lines.filter(({ message }) => message === 'the cache failed')).toHaveLength(1);
  }
});

test('a call whose settlement fails is not answered as a success', async () => {
  const disk = async () => Promise.reject(new Error('disk'));
  const { call } = scriptedHost(ok, { metering: { ...memoryMetering(), settle: disk, record: disk } });
  expect(codeOf(await call('script_read_it'))).toBe('UNAVAILABLE');
  expect(codeOf(await call('script_write_it'))).toBe('UNAVAILABLE');
});

test('accepted work whose settlement fails is OUTCOME_UNKNOWN', async () => {
  const failing = { ...memoryMetering(), settle: async () => Promise.reject(new Error('disk')) };
  const { call } = scriptedHost(async () => result({ said: 'queued' }, { accepted: 'a1' }), { metering: failing });
  expect(codeOf(await call('script_write_it'))).toBe('OUTCOME_UNKNOWN');
});

test('progress only grows, and ends with the call', async () => {
  const seen: unknown[] = [];
  let late: CallContext | undefined;
  const { call } = scriptedHost(async (context) => {
    late = context;
    for (const done of [1, 1, 0, 2, Number.NaN]) context.progress(done, 2, 'working');
    return { said: 'hi' };
  });
  await call('script_read_it', {}, { progress: (...args) => void seen.push(args) });
  late?.progress(9);
  expect(seen).toEqual([
    [1, 2, 'working'],
    [2, 2, 'working'],
  ]);
});

test('a tool that asks runs again from the start with the answer', async () => {
  let runs = 0;
  const { result, settled } = scriptedHost(async (context) => {
    runs += 1;
    const { sure } = await context.ask('Sure?', z.object({ sure: z.boolean().describe('Whether to go on') }));
    return { said: sure ? 'done' : 'left' };
  });
  const ask = await result('script_write_it', {}, { answers: {} });
  expect(ask).toMatchObject({
    kind: 'ask',
    id: 'ask-1',
    message: 'Sure?',
    schema: { type: 'object', properties: { sure: { type: 'boolean' } }, required: ['sure'] },
  });
  const answered = await result('script_write_it', {}, { answers: { 'ask-1': { action: 'accept', content: { sure: true } } } });
  expect(answered).toMatchObject({ kind: 'answer', answer: { structuredContent: { said: 'done' } } });
  expect(runs).toBe(2);
  expect(settled.map(({ status }) => status)).toEqual(['asked', 'executed']);
});

test('an ask fails if the client cannot ask, the person declines, or the answer does not fit', async () => {
  const { call } = scriptedHost(async (context) => {
    await context.ask('Sure?', z.object({ sure: z.boolean() }));
    return { said: 'hi' };
  });
  expect(codeOf(await call('script_write_it'))).toBe('ASK_UNSUPPORTED');
  expect(codeOf(await call('script_write_it', {}, { answers: { 'ask-1': { action: 'decline' } } }))).toBe('CANCELLED');
  expect(codeOf(await call('script_write_it', {}, { answers: { 'ask-1': { action: 'accept', content: { sure: 'maybe' } } } }))).toBe(
    'INVALID_INPUT',
  );
});

test('a tool that ignores its signal is abandoned, and its caller gets an answer', async () => {
  const clock = manualClock();
  const { call } = scriptedHost(() => new Promise(() => {}), { clock, callTimeoutMs: 1_000 });
  const answer = call('script_read_it');
  await clock.advance(1_000);
  await clock.advance(250);
  expect(codeOf(await answer)).toBe('DEADLINE_EXCEEDED');
});

test('a tool that ends soon after its signal aborts leaves no timer behind', async () => {
  const clock = manualClock();
  const run = ({ signal }: CallContext) => new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
  const { call, host } = scriptedHost(run, { clock, callTimeoutMs: 1_000 });
  const answer = call('script_read_it');
  await clock.advance(1_000);
  expect(codeOf(await answer)).toBe('DEADLINE_EXCEEDED');
  await host.close();
  expect(clock.sleeping).toBe(0);
});

test.each([
  ['its signal aborts', true, 'DEADLINE_EXCEEDED'],
  ['another signal aborts', false, 'INTERNAL'],
])('a tool that waits with a function of Node ends with the right code if %s', async (_what, isOwn, code) => {
  const clock = manualClock();
  const run = ({ signal }: CallContext) => once(new EventEmitter(), 'never', { signal: isOwn ? signal : AbortSignal.abort() });
  const { call } = scriptedHost(run, { clock, callTimeoutMs: 1_000 });
  const answer = call('script_read_it');
  await clock.advance(1_000);
  expect(codeOf(await answer)).toBe(code);
});

test('a call that was cancelled before it began does not run', async () => {
  let runs = 0;
  const { call } = scriptedHost(async () => ({ said: String((runs += 1)) }));
  expect(codeOf(await call('script_read_it', {}, { signal: AbortSignal.abort() }))).toBe('CANCELLED');
  expect(runs).toBe(0);
});

test.each(['script_read_it', 'script_write_it'])('%s that was cancelled before it began is neither admitted nor recorded', async (tool) => {
  const memory = memoryMetering();
  const used: string[] = [];
  const metering: Metering = {
    ...memory,
    admit: (call, options) => (used.push('admit'), memory.admit(call, options)),
    record: (call, outcome) => (used.push('record'), memory.record(call, outcome)),
  };
  const { call } = scriptedHost(ok, { metering });
  expect(codeOf(await call(tool, {}, { signal: AbortSignal.abort() }))).toBe('CANCELLED');
  expect(used).toEqual([]);
});

test('closing lets running calls end and refuses new ones', async () => {
  const gate = Promise.withResolvers<void>();
  const begun = Promise.withResolvers<void>();
  const { host, call } = scriptedHost(async () => {
    begun.resolve();
    await gate.promise;
    return { said: 'late' };
  });
  const running = call('script_read_it');
  await begun.promise;
  const closed = host.close();
  expect(host.close()).toBe(closed);
  expect(codeOf(await call('script_read_it'))).toBe('UNAVAILABLE');
  gate.resolve();
  expect((await running).structuredContent).toEqual({ said: 'late' });
  await closed;
});

test('closing ends calls that outlive the grace period', async () => {
  const clock = manualClock();
  const begun = Promise.withResolvers<void>();
  const { host, call } = scriptedHost(
    (context) => {
      begun.resolve();
      return new Promise((_, reject) => context.signal.addEventListener('abort', () => reject(context.signal.reason as Error)));
    },
    { clock },
  );
  const running = call('script_read_it');
  await begun.promise;
  const closed = host.close(5_000);
  await clock.advance(5_000);
  expect(codeOf(await running)).toBe('UNAVAILABLE');
  await closed;
});

const record = (name: string, more: object = {}) => ({ connector: 'script', name, config: { from: name }, ...more });
const whereFrom = async (context: CallContext) => ({ said: context.connection });

test('a call uses the connection that it names, else the default, else its error lists the connections', async () => {
  const two = scriptedHost(whereFrom, { connections: memoryConnections([record('a', { id: 'A' }), record('b', { id: 'B' })]) });
  expect((await two.call('script_read_it', { connection: 'b' })).structuredContent).toEqual({ said: 'B' });
  const unclear = await two.call('script_read_it');
  expect(codeOf(unclear)).toBe('CONNECTION_NOT_FOUND');
  expect(textOf(unclear)).toContain('"a", "b"');
  expect(textOf(await two.call('script_read_it', { connection: 'c' }))).toContain('There is no such connection');
  const preset = scriptedHost(whereFrom, {
    connections: memoryConnections([record('a', { id: 'A' }), record('b', { id: 'B', isDefault: true })]),
  });
  expect((await preset.call('script_read_it')).structuredContent).toEqual({ said: 'B' });
});

test('a user’s own connection comes before the tenant’s of the same name, and no other tenant or user sees it', async () => {
  const connections = memoryConnections([
    record('a', { id: 'A' }),
    record('a', { id: 'MINE', user: 'local' }),
    record('z', { id: 'THEIRS', user: 'other' }),
    record('y', { id: 'FAR', tenant: 'far' }),
  ]);
  const { call } = scriptedHost(whereFrom, { connections });
  expect((await call('script_read_it', { connection: 'a' })).structuredContent).toEqual({ said: 'MINE' });
  expect(codeOf(await call('script_read_it', { connection: 'z' }))).toBe('CONNECTION_NOT_FOUND');
  expect(textOf(await call('script_read_it', { connection: 'y' }))).not.toContain('FAR');
});

test('the error for invalid settings says what is wrong with them, without their values', async () => {
  const { call } = scriptedHost(ok, { connections: memoryConnections([{ connector: 'script', config: { from: 17 } }]) });
  const answer = await call('script_read_it');
  expect(codeOf(answer)).toBe('CONNECTION_INVALID');
  expect(textOf(answer)).toContain('from: ');
  expect(textOf(answer)).not.toContain('17');
});

test('invalid arguments are refused before anything runs, and logged', async () => {
  let runs = 0;
  const { call, lines, settled } = scriptedHost(async () => ({ said: String((runs += 1)) }));
  expect(codeOf(await call('script_read_it', { text: 1 }))).toBe('INVALID_INPUT');
  expect(codeOf(await call('script_read_it', { txet: 'x' }))).toBe('INVALID_INPUT');
  expect(runs).toBe(0);
  expect(settled).toEqual([]);
  expect(lines.at(-1)).toMatchObject({ level: 'info', message: 'call', fields: { status: 'refused', code: 'INVALID_INPUT' } });
});

test.each([
  [999, 'info', 'call'],
  [1_000, 'warn', 'slow call'],
  [5_000, 'error', 'slow call'],
])('a call of %i ms is logged at %s', async (ms, level, message) => {
  const clock = manualClock();
  const { call, lines } = scriptedHost(
    async (context) => {
      await clock.sleep(ms, context.signal);
      return { said: 'hi' };
    },
    { clock },
  );
  const running = call('script_read_it', {}, { traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01' });
  await clock.advance(ms);
  await running;
  expect(lines.at(-1)).toMatchObject({ level, message, fields: { durationMs: ms, traceId: '0af7651916cd43dd8448eb211c80319c' } });
});

test('a correction of the clock during a call changes neither its duration nor its place in the ledger', async () => {
  const clock = manualClock();
  const { call, lines, settled } = scriptedHost(
    async (context) => {
      clock.adjust(-3_600_000);
      await clock.sleep(20, context.signal);
      return { said: 'hi' };
    },
    { clock },
  );
  const startedAt = clock.now();
  const running = call('script_read_it');
  await clock.advance(20);
  await running;
  expect(lines.at(-1)).toMatchObject({ level: 'info', fields: { durationMs: 20 } });
  expect(settled).toMatchObject([{ endedAt: startedAt }]);
});

test('an observer that throws does not affect the call', async () => {
  const { call } = scriptedHost(ok, {
    observer: {
      call: () => {
        throw new Error('metrics are down');
      },
    },
  });
  expect((await call('script_read_it')).isError).toBeUndefined();
});

test('createHost lists everything that is missing in one error', () => {
  const outbound = defineConnector({
    spec: 'v1',
    id: 'out',
    config: z.object({}),
    origins: () => ['https://a.example'],
    open: () => ({}),
    tools: () => [],
  });
  expect(() => createHost({ connectors: [outbound], secret: 'short', remapOrigins: { 'not an origin': 'http://127.0.0.1' } })).toThrow(
    /gotHttpClient[\s\S]*at least 32 characters[\s\S]*not an origin/,
  );
});

test('the error for a check of an unknown connection, or of a connector without a check, says so', async () => {
  const { host } = scriptedHost(ok, { connections: memoryConnections([record('a', { id: 'A' })]) });
  await expect(host.check('nope')).rejects.toMatchObject({ code: 'CONNECTION_NOT_FOUND' });
  await expect(host.check('A')).rejects.toMatchObject({ code: 'INVALID_INPUT' });
});

test('there is no hook at an unknown address, nor at the address of a connector without webhooks', async () => {
  const { host } = scriptedHost(ok, { connections: memoryConnections([record('a', { hook: 'h00k' })]) });
  expect([await host.hook('guess'), await host.hook('h00k')]).toEqual([undefined, undefined]);
});

test('a check runs with the connection’s client, and its errors are masked and redacted', async () => {
  const checked = (check: () => Promise<{ account: string }>) =>
    createHost({
      connectors: [
        defineConnector({
          spec: 'v1',
          id: 'shut',
          config: z.object({ key: secret(z.string()) }),
          open: () => ({}),
          tools: () => [],
          check,
        }),
      ],
      connections: memoryConnections([{ connector: 'shut', id: 'S', config: { key: 'canary-key' } }]),
    });
  expect(await checked(async () => ({ account: 'ada' })).check('S')).toEqual({ account: 'ada' });
  await expect(checked(() => Promise.reject(new ToolError('UNAUTHENTICATED', 'canary-key was refused'))).check('S')).rejects.toMatchObject({
    code: 'UNAUTHENTICATED',
    message: '[redacted] was refused',
  });
  await expect(checked(() => Promise.reject(new Error('canary-key'))).check('S')).rejects.toMatchObject({ code: 'INTERNAL' });
});
