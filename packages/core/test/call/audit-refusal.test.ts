import { afterEach, expect, test } from 'vitest';
import { z } from 'zod';
import {
  createHost,
  defineConnector,
  localPrincipal,
  ToolError,
  type Audit,
  type AuditEvent,
  type Host,
  type HostOptions,
} from '../../src/index.ts';

const vault = defineConnector({
  spec: 'v1',
  id: 'vault',
  config: z.object({}),
  open: () => ({}),
  tools: (tool) => [
    tool({
      name: 'vault_open_door',
      description: 'Opens.',
      effect: 'read',
      toolsets: ['doors'],
      input: z.object({ door: z.string().describe('Which') }),
      output: z.object({}),
      run: async ({ door }) => {
        if (door === 'theirs') throw new ToolError('FORBIDDEN', 'The vendor says no.');
        return {};
      },
    }),
  ],
});

const hosts: Host[] = [];
afterEach(() => Promise.all(hosts.splice(0).map((host) => host.close(0))));

function vaultHost(options: Partial<HostOptions> = {}) {
  const events: AuditEvent[] = [];
  const audit: Audit = { record: async (event) => void events.push(event) };
  const lines: { level: string; fields: object; message: string }[] = [];
  const at = (level: string) => (fields: object, message: string) => void lines.push({ level, fields, message });
  const log = { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
  const host = createHost({ connectors: [vault], audit, log, ...options });
  hosts.push(host);
  const call = (tool: string, door: string, toolsets?: readonly string[]) =>
    host.call({
      principal: { ...localPrincipal, toolsets },
      tool,
      arguments: { door },
      address: '10.0.0.1',
      signal: new AbortController().signal,
    });
  return { call, events, lines };
}

const refusal = {
  event: 'call.refused',
  tenant: 'local',
  principal: 'local',
  address: '10.0.0.1',
  subject: 'vault_open_door',
  detail: 'TOOL_NOT_FOUND',
};

test('the audit records a call of a tool that the caller may not use, and no call of an unknown tool', async () => {
  const { call, events } = vaultHost();
  await expect(call('vault_open_door', 'a', ['windows'])).rejects.toMatchObject({ code: 'TOOL_NOT_FOUND' });
  await expect(call('vault_open_wall', 'a')).rejects.toMatchObject({ code: 'TOOL_NOT_FOUND' });
  await call('vault_open_door', 'a', ['doors']);
  expect(events).toEqual([refusal]);
});

test('the audit records FORBIDDEN from the operator’s middleware, and no other error and no refusal of the vendor', async () => {
  const { call, events } = vaultHost({
    middleware: [
      async ({ input }, next) => {
        const { door } = input as { door: string };
        if (door === 'ours') throw new ToolError('FORBIDDEN', 'We say no.');
        if (door === 'later') throw new ToolError('RATE_LIMITED', 'Not now.');
        return await next();
      },
    ],
  });
  for (const door of ['ours', 'later', 'theirs', 'open']) await call('vault_open_door', door);
  expect(events).toEqual([{ ...refusal, detail: 'FORBIDDEN' }]);
});

test('a refusal does not wait for its audit record, and an event that cannot be recorded is logged in full', async () => {
  const recording = Promise.withResolvers<void>();
  const { call, lines } = vaultHost({ audit: { record: () => recording.promise } });
  await expect(call('vault_open_door', 'a', [])).rejects.toMatchObject({ code: 'TOOL_NOT_FOUND' });
  const err = new Error('down');
  recording.reject(err);
  await expect
    .poll(() => lines)
    .toEqual([{ level: 'error', fields: { err, ...refusal }, message: 'an event could not be recorded in the audit' }]);
});

test('without an audit, a refusal is a line in the log', async () => {
  const { call, lines } = vaultHost({ audit: undefined as never });
  await expect(call('vault_open_door', 'a', [])).rejects.toMatchObject({ code: 'TOOL_NOT_FOUND' });
  expect(lines).toEqual([{ level: 'warn', fields: refusal, message: 'audit' }]);
});
