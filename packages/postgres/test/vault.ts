import { defineConnector, secret } from '@busbar/core';
import { z } from 'zod';

/**
 * A fictitious vendor that stores passwords, with every kind of secret that a connector may have: in its settings and in the input of its
 * tools.
 */
export const vault = defineConnector({
  spec: 'v1',
  id: 'vault',
  config: z.object({ token: secret(z.string()), certificate: secret(z.string()) }),
  origins: () => ['https://vault.example'],
  authorization: ({ token }) => ({ kind: 'bearer', token }),
  failure: ({ data }) => {
    const parsed = z.object({ said: z.string() }).safeParse(data);
    return parsed.success ? { code: 'RATE_LIMITED', message: parsed.data.said, executed: 'no' } : undefined;
  },
  open: ({ http, config }) => ({ http, certificate: config.certificate }),
  tools: (tool) => [
    tool({
      name: 'vault_store_password',
      description: 'Stores a password.',
      effect: 'write',
      input: z.object({
        note: z.string().default('').describe('Anything'),
        logins: z.array(z.object({ password: secret(z.string().max(100)).describe('The password') })).describe('What to store'),
      }),
      output: z.object({ stored: z.number() }),
      run: async ({ logins }, { http, certificate }, context) => {
        const { data } = await http.request(
          {
            method: 'POST',
            path: '/passwords',
            body: { json: { logins, certificate } },
            headers: { 'idempotency-key': context.key('password') },
            response: z.object({ stored: z.number() }),
            ifLost: 'Look whether it is there.',
          },
          context,
        );
        if (data.stored === 0) throw new Error(`The certificate ${certificate} is not good`);
        return data;
      },
    }),
    tool({
      name: 'vault_erase_all',
      description: 'Erases all.',
      effect: 'destructive',
      toolsets: ['danger'],
      input: z.object({ password: secret(z.string()).describe('To be sure') }),
      output: z.object({}),
      run: async () => ({}),
    }),
  ],
});
