import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Client as ModernClient } from '@modelcontextprotocol/client';
import type { Client as OldClient } from '@modelcontextprotocol/sdk/client/index.js';
import type { Middleware } from '../../src/index.ts';
import { clients, modernClient, oldClient } from './clients.ts';
import { secrets } from './probe.ts';
import { serve } from './serve.ts';

const text = (result: object) => (result as { content: { text?: string }[] }).content.map((part) => part.text).join('\n');

describe.each(clients)('$name', ({ connect, over, modern }) => {
  // One connection for all tests: a server over stdio takes long to start.
  let client: Awaited<ReturnType<typeof connect>>;
  const closers: (() => Promise<void>)[] = [];
  const atEnd = (close: () => Promise<void>) => void closers.unshift(close);
  beforeAll(async () => {
    client = await connect(over === 'stdio' ? 'stdio' : (await serve({}, {}, atEnd)).url, { atEnd });
  });
  afterAll(async () => {
    for (const close of closers) await close();
  });

  test('lists the tools with schemas, hints and a stable order', async () => {
    const first = await client.listTools();
    const echo = first.tools.find(({ name }) => name === 'probe_echo_text');
    expect(echo).toMatchObject({
      title: 'Probe echo text',
      description: 'Answers with its input.',
      inputSchema: { type: 'object', properties: { text: { type: 'string', description: 'Any text, at most 10,000,000 characters' } } },
      outputSchema: { type: 'object' },
      annotations: { readOnlyHint: true, destructiveHint: false, idempotentHint: true, openWorldHint: false },
    });
    expect(first.tools.find(({ name }) => name === 'probe_write_text')?.annotations).toMatchObject({
      readOnlyHint: false,
      destructiveHint: false,
      idempotentHint: false,
    });
    expect(first.tools.find(({ name }) => name === 'probe_delete_text')?.annotations).toMatchObject({ destructiveHint: true });
    expect(JSON.stringify(await client.listTools())).toBe(JSON.stringify(first));
    expect(client.getServerCapabilities()).toEqual({ tools: {} });
  });

  test('receives instructions that name the connector and say how to repeat a write', () => {
    expect(client.getInstructions()).toMatch(/^Tools for probe\. .*_meta\["busbar\/idempotencyKey"\]/);
  });

  test('receives how long it may cache a list, and that the list is private', async () => {
    const listed = (await client.listTools()) as { ttlMs?: unknown; cacheScope?: unknown };
    expect([listed.ttlMs, listed.cacheScope]).toEqual(modern ? [60_000, 'private'] : [undefined, undefined]);
  });

  test('calls a tool and gets structured content and text', async () => {
    const result = await client.callTool({ name: 'probe_echo_text', arguments: { text: 'hé' } });
    expect(result.structuredContent).toEqual({ text: 'hé' });
    expect(text(result)).toContain('hé');
    expect(result.isError).toBeFalsy();
  });

  test('gets media and metadata', async () => {
    const result = await client.callTool({ name: 'probe_show_picture', arguments: {} });
    expect(result.content).toEqual([{ type: 'image', data: 'iVBORw0KGgo=', mimeType: 'image/png' }]);
    expect(result._meta).toMatchObject({ 'probe/note': 'seen' });
  });

  test('receives a tool’s error as a result', async () => {
    const result = await client.callTool({ name: 'probe_find_nothing', arguments: {} });
    expect(result.isError).toBe(true);
    expect(text(result)).toBe('NOT_FOUND: No such text. Search for it.');
  });

  test.each([
    ['wrong types', { text: 7 }],
    ['unknown keys', { text: 'a', colour: 'red' }],
    ['no arguments', undefined],
  ])('receives a result that refuses %s', async (_what, args) => {
    const result = await client.callTool({ name: 'probe_echo_text', ...(args && { arguments: args }) });
    expect(result.isError).toBe(true);
    expect(text(result)).toMatch(/^INVALID_INPUT: /);
  });

  test.each(['probe_throw_string', 'probe_throw_coded_error'])(
    'receives no detail of the error of %s, and can call again',
    async (name) => {
      const result = await client.callTool({ name, arguments: {} });
      expect(result.isError).toBe(true);
      expect(text(result)).toMatch(/^INTERNAL: .*[\da-f-]{36}/);
      for (const secret of [...secrets, 'Error:', '.ts:', '-32999']) expect(JSON.stringify(result)).not.toContain(secret);
      expect((await client.callTool({ name: 'probe_echo_text', arguments: { text: 'alive' } })).structuredContent).toEqual({
        text: 'alive',
      });
    },
  );

  test('receives a protocol error for an unknown tool', async () => {
    await expect(client.callTool({ name: 'probe_no_such', arguments: {} })).rejects.toMatchObject({ code: -32602 });
  });

  test('receives a protocol error for an invented cursor', async () => {
    const failure = { code: -32602, message: expect.stringContaining('returns no cursor') };
    await expect(client.listTools({ cursor: 'invented' })).rejects.toMatchObject(failure);
  });

  test.each(['', 'x'.repeat(256), 7])('receives a protocol error for a bad idempotency key', async (key) => {
    const call = { name: 'probe_echo_text', arguments: { text: 'a' }, _meta: { 'busbar/idempotencyKey': key } };
    const failure = { code: -32602, message: expect.stringContaining('1 to 255 characters') };
    await expect(client.callTool(call)).rejects.toMatchObject(failure);
  });

  test('passes its idempotency key to the tool', async () => {
    const call = (key: string, word: string) => ({
      name: 'probe_write_text',
      arguments: { text: word },
      _meta: { 'busbar/idempotencyKey': key },
    });
    const first = await client.callTool(call('a', 'one'));
    expect(first.isError).toBeFalsy();
    expect((await client.callTool(call('a', 'one'))).structuredContent).toEqual(first.structuredContent);
    expect((await client.callTool(call('b', 'one'))).structuredContent).not.toEqual(first.structuredContent);
    expect(text(await client.callTool(call('a', 'two')))).toMatch(/^IDEMPOTENCY_CONFLICT: /);
  });

  test('receives growing progress, and none after the end', async () => {
    const finish = () => client.callTool({ name: 'probe_finish_waiting', arguments: {} });
    const received: unknown[] = [];
    const onprogress = (progress: { progress: number; message?: string | undefined }) => {
      received.push([progress.progress, progress.message]);
      if (progress.progress === 100) void finish();
    };
    const call = { name: 'probe_report_progress', arguments: {} };
    const grown = [0, 50, 100].map((done) => [done, `at ${done}`]);
    // The two clients take their options at different positions.
    const result = await (modern
      ? (client as ModernClient).callTool(call, { onprogress })
      : (client as OldClient).callTool(call, undefined, { onprogress }));
    expect(result.structuredContent).toEqual({ text: 'done' });
    expect(received).toEqual(grown);
    // The client receives neither progress after the tool's end nor progress that it did not ask for.
    await finish();
    expect(received).toEqual(grown);
  });
});

test.each([
  ['2.x', modernClient, [1, 2]],
  ['1.x, which accepts only objects,', oldClient, { result: [1, 2] }],
])('client %s gets structured content that is not an object', async (_version, connect, structuredContent) => {
  const middleware: Middleware = async () => ({ content: [], structuredContent: [1, 2] });
  const client = await connect((await serve({}, { middleware: [middleware] })).url);
  const result = await client.callTool({ name: 'probe_show_picture', arguments: {} });
  expect(result).toMatchObject({ structuredContent, content: [{ type: 'text', text: '[1,2]' }] });
});
