import { expect, test } from 'vitest';
import { z } from 'zod';
import { createHost, defineConnector, localPrincipal, secret, ToolError, type Logger } from '../../src/index.ts';

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
        how: z.enum(['returns', 'refuses', 'breaks']).describe('What the tool does with it'),
      }),
      output: z.object({ said: z.string().describe('What was done') }),
      run: async ({ password, how }, _client, context) => {
        context.log.info({ password }, `got ${password}`);
        context.warn(`${password} is short`);
        if (how === 'refuses') throw new ToolError('UPSTREAM_REJECTED', `The vendor does not like ${password}.`);
        if (how === 'breaks') throw new Error(`cannot use ${password}`);
        return { said: `It is ${password} now.` };
      },
    }),
  ],
});

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
