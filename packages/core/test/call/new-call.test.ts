import { expect, onTestFinished, test } from 'vitest';
import { z } from 'zod';
import {
  createHost,
  defineConnector,
  localPrincipal,
  memoryConnections,
  memoryMetering,
  secret,
  type Call,
  type CallRequest,
  type Schema,
} from '../../src/index.ts';
import { newCall } from '../../src/call/new-call.ts';
import { codeOf } from '../support/acme.ts';

const key = 'canary-settings "quoted"\nand on two lines';

/** A host with one write, and the calls that its metering recorded. */
function countingHost(input: Schema, units?: (input: never) => number) {
  const calls: Call[] = [];
  let runs = 0;
  const connector = defineConnector({
    spec: 'v1',
    id: 'count',
    config: z.object({ key: secret(z.string()) }),
    open: () => ({}),
    tools: (tool) => [
      tool({
        name: 'count_write_it',
        description: 'Writes.',
        effect: 'write',
        input,
        output: z.object({}),
        ...(units && { units }),
        run: async () => {
          runs += 1;
          return {};
        },
      }),
    ],
  });
  const host = createHost({
    connectors: [connector],
    connections: memoryConnections([{ connector: 'count', name: 'one', config: { key } }]),
    metering: memoryMetering({ record: (call) => void calls.push(call) }),
  });
  onTestFinished(() => host.close(0));
  const call = async (args: unknown, over: Partial<CallRequest> = {}) => {
    const result = await host.call({
      principal: localPrincipal,
      tool: 'count_write_it',
      arguments: args,
      signal: new AbortController().signal,
      ...over,
    });
    if (result.kind === 'ask') throw new Error('asked');
    return result.answer;
  };
  /** Returns what the audit gets for a call with these arguments. */
  const audited = async (args: unknown): Promise<string> => {
    expect(codeOf(await call(args))).toBeUndefined();
    return calls.at(-1)?.auditInput() ?? 'nothing';
  };
  return { call, audited, calls, runs: () => runs };
}

const many = z.object({ items: z.array(z.string()).default(['a', 'b']).describe('What to write') });

test('a call uses the units that its tool counts in the validated arguments, or one unit', async () => {
  const { call, calls } = countingHost(many, ({ items }: { items: string[] }) => items.length);
  await call({});
  await call({ items: [] });
  const plain = countingHost(many);
  await plain.call({});
  expect([...calls, ...plain.calls].map(({ units }) => units)).toEqual([2, 0, 1]);
});

test.each([-1, 0.5, Number.NaN, Number.POSITIVE_INFINITY, 1_000_001, '3'])(
  'a call of a tool that counts %s units fails before anything runs',
  async (units) => {
    const { call, calls, runs } = countingHost(many, () => units as number);
    expect(codeOf(await call({}))).toBe('INTERNAL');
    expect([calls.length, runs()]).toEqual([0, 0]);
  },
);

test('a call may use a million units', async () => {
  const { call, calls } = countingHost(many, () => 1_000_000);
  await call({});
  expect(calls).toMatchObject([{ units: 1_000_000 }]);
});

test('a call whose `units` throws fails before anything runs, and does not show the error', async () => {
  const { call, calls, runs } = countingHost(many, () => {
    throw new Error('canary of the inside');
  });
  const answer = await call({});
  expect(codeOf(answer)).toBe('INTERNAL');
  expect(JSON.stringify(answer)).not.toContain('canary');
  expect([calls.length, runs()]).toEqual([0, 0]);
});

test('a call has its caller’s address if the transport knows it', async () => {
  const { call, calls } = countingHost(many);
  await call({}, { address: '192.0.2.7' });
  await call({});
  expect(calls.map(({ address }) => address)).toEqual(['192.0.2.7', undefined]);
});

test('a call keeps the raw arguments, and the audit gets them without the secrets that the schema marks', async () => {
  const { audited, calls } = countingHost(
    z.object({ name: z.string().describe('Whose'), password: secret(z.string()).optional().describe('The password') }),
  );
  expect(await audited({ name: 'Ann', password: 'canary-argument' })).toBe('{"name":"Ann","password":"[redacted]"}');
  expect(calls[0]?.arguments).toEqual({ name: 'Ann', password: 'canary-argument' });
});

test('the audit gets no secret of the connection, anywhere in the arguments', async () => {
  const { audited } = countingHost(z.object({ name: z.string().describe('Whose') }));
  expect(await audited({ name: `Ann ${key}` })).toBe('{"name":"Ann [redacted]"}');
});

test('the audit gets the beginning of longer arguments as a JSON string, cut after secrets are redacted', async () => {
  const { audited } = countingHost(z.object({ text: z.string().describe('Anything') }));
  const whole = JSON.stringify({ text: 'x'.repeat(1_989) });
  expect(whole).toHaveLength(2_000);
  expect(await audited(JSON.parse(whole))).toBe(whole);
  const longer = JSON.stringify({ text: 'x'.repeat(1_990) });
  expect(JSON.parse(await audited(JSON.parse(longer)))).toBe(longer.slice(0, 2_000));
  // Here the cut would split the secret.
  expect(await audited({ text: `${'x'.repeat(1_980)}${key}` })).not.toContain('canary');
});

test('the audit gets no half of a character where the arguments are cut', async () => {
  const { audited } = countingHost(z.object({ text: z.string().describe('Anything') }));
  const start = '{"text":"';
  expect(JSON.parse(await audited({ text: `${'x'.repeat(1_999 - start.length)}😀` }))).toBe(`${start}${'x'.repeat(1_999 - start.length)}`);
});

test('the audit of a call without arguments is valid JSON too', async () => {
  const { audited } = countingHost(many);
  expect(JSON.parse(await audited({}))).toEqual({});
});

const conditional = {
  type: 'object',
  properties: { user: { type: 'string', description: 'Who' }, password: { type: 'string', writeOnly: true, description: 'The password' } },
};

test('a tool with a JSON Schema marks its secrets as writeOnly', async () => {
  const { audited } = countingHost({ jsonSchema: conditional, parse: (value: unknown) => value });
  expect(await audited({ user: 'Ann', password: 'canary' })).toBe('{"user":"Ann","password":"[redacted]"}');
});

test('the audit searches only the beginning of long arguments for secrets, and shows no part of a secret there', async () => {
  const { audited, calls } = countingHost(z.object({ text: z.string().max(1_000_000).describe('Anything') }));
  const text = `${'x'.repeat(1_985)}${key}${'x'.repeat(990_000)}`;
  expect((await audited({ text })).endsWith('x[redac"')).toBe(true);
  const searched: number[] = [];
  const search = (found: string) => searched.push(found.length);
  const { auditInput } = newCall({
    callId: 'c',
    startedAt: 0,
    request: { principal: localPrincipal, tool: 'count_write_it', arguments: { text }, signal: new AbortController().signal },
    entry: { connector: 'count', name: 'count_write_it', effect: 'write', tool: {}, withoutSecrets: (args: unknown) => args } as never,
    input: { text },
    connection: { id: 'one' } as never,
    redactor: { finds: (found: string) => search(found) < 0, text: (found: string) => (search(found), found) } as never,
    repeatWindowMs: 0,
  });
  auditInput();
  expect(searched).toEqual([64 * 1024]);
  expect(calls).toHaveLength(1);
});
