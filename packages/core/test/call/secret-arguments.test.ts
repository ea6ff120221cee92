import { expect, test } from 'vitest';
import { z } from 'zod';
import { createHost, defineConnector, localPrincipal, memoryMetering, secret, ToolError, type Logger } from '../../src/index.ts';

const canary = 'canary "4711"\n of a caller';

const echo = defineConnector({
  spec: 'v1',
  id: 'echo',
  config: z.object({}),
  open: () => ({}),
  tools: (tool) => [
    tool({
      name: 'echo_set_password',
      description: 'Sets a password.',
      effect: 'read',
      input: z.object({
        password: secret(z.string()).describe('The new password'),
        note: z.string().optional().describe('Anything'),
        how: z.enum(['returns', 'refuses', 'breaks']).describe('What the tool does with it'),
      }),
      output: z.object({ said: z.string().describe('What was done') }),
      run: async ({ password, how, note = '' }, _client, context) => {
        context.log.info({ password, [note]: note }, `got ${password}${note}`);
        context.warn(`${password}${note} is short`);
        if (how === 'refuses') throw new ToolError('UPSTREAM_REJECTED', `The vendor does not like ${password}${note}.`);
        if (how === 'breaks') throw new Error(`cannot use ${password}${note}`);
        return { said: `It is ${password}${note} now.` };
      },
    }),
  ],
});

const apiKey = `ak_${'4711'.repeat(8)}`;

test.each(['returns', 'refuses', 'breaks'])(
  'text of the secret pattern appears in no log line, record, error or answer of a tool that %s',
  async (how) => {
    const seen: string[] = [];
    const keep = (fields: object, message: string) => void seen.push(JSON.stringify(fields), message);
    const log: Logger = { debug: keep, info: keep, warn: keep, error: keep };
    const metering = memoryMetering({ record: async (call) => void seen.push(call.auditInput()) });
    const host = createHost({ connectors: [echo], log, metering, secretPattern: /ak_\d{32}/ });
    const answered = await host.call({
      principal: localPrincipal,
      tool: 'echo_set_password',
      arguments: { password: 'none', how, note: `use ${apiKey}` },
      signal: new AbortController().signal,
    });
    await host.close();
    seen.push(JSON.stringify(answered));
    expect(seen.join('\n')).toContain('[redacted]');
    expect(seen.join('\n')).not.toContain('4711');
  },
);

test.each(['returns', 'refuses', 'breaks'])('a secret argument appears in no log line, error or answer of a tool that %s', async (how) => {
  const lines: string[] = [];
  const keep = (fields: object, message: string) => void lines.push(JSON.stringify(fields), message);
  const log: Logger = { debug: keep, info: keep, warn: keep, error: keep };
  const host = createHost({ connectors: [echo], log });
  const answered = await host.call({
    principal: localPrincipal,
    tool: 'echo_set_password',
    arguments: { password: canary, how },
    signal: new AbortController().signal,
  });
  await host.close();
  const seen = [...lines, JSON.stringify(answered)].join('\n');
  expect(seen).toContain('[redacted]');
  expect(seen).not.toContain('4711');
});

test('a secret argument in an object that arrives as its JSON text appears in no log line, record or answer', async () => {
  const seen: string[] = [];
  const keep = (fields: object, message: string) => void seen.push(JSON.stringify(fields), message);
  const log: Logger = { debug: keep, info: keep, warn: keep, error: keep };
  const host = createHost({
    connectors: [
      defineConnector({
        spec: 'v1',
        id: 'nested',
        config: z.object({}),
        open: () => ({}),
        tools: (tool) => [
          tool({
            name: 'nested_set_password',
            description: 'Sets a password.',
            effect: 'write',
            input: z.object({ account: z.object({ password: secret(z.string()).describe('The new password') }).describe('The account') }),
            output: z.object({ said: z.string().describe('What was done') }),
            run: async ({ account }) => ({ said: `It is ${account.password} now.` }),
          }),
        ],
      }),
    ],
    log,
    metering: memoryMetering({ record: async (call) => void seen.push(call.auditInput()) }),
  });
  const answered = await host.call({
    principal: localPrincipal,
    tool: 'nested_set_password',
    arguments: { account: JSON.stringify({ password: 'canary 4711' }) },
    signal: new AbortController().signal,
  });
  await host.close();
  seen.push(JSON.stringify(answered));
  expect(seen.join('\n')).toContain('[redacted]');
  expect(seen.join('\n')).not.toContain('4711');
});
