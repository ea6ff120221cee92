import { expect, test } from 'vitest';
import { z } from 'zod';
import { createHost, defineConnector, localPrincipal, memoryConnections, result, secret } from '../../src/index.ts';

const config = z.object({ token: secret(z.string()) });
const echo = defineConnector({
  spec: 'v1',
  id: 'echo',
  config,
  open: ({ config: { token } }) => token,
  tools: (tool) => [
    tool({
      name: 'echo_get_token',
      description: 'Returns the token.',
      effect: 'read',
      input: z.object({}),
      output: z.object({ said: z.string().describe('The token') }),
      run: async (_, token) =>
        result(
          { said: `It is ${token}.` },
          {
            content: [
              { type: 'text', text: `text of ${token}` },
              { type: 'resource_link', uri: `https://example.com/${token}`, name: 'link' },
            ],
          },
        ),
    }),
  ],
});

test.each(['text', 'type', 'content', 'structuredContent', 'resource_link'])(
  'an answer that repeats a secret keeps its form, also if the secret is “%s”',
  async (token) => {
    const host = createHost({ connectors: [echo], connections: memoryConnections([{ connector: 'echo', config: { token } }]) });
    const { signal } = new AbortController();
    const answered = await host.call({ principal: localPrincipal, tool: 'echo_get_token', arguments: {}, signal });
    await host.close();
    expect(answered).toMatchObject({
      kind: 'answer',
      answer: {
        content: [
          { type: 'text', text: expect.stringContaining('of [redacted]') },
          { type: 'resource_link', uri: 'https://example.com/[redacted]' },
        ],
        structuredContent: { said: 'It is [redacted].' },
      },
    });
  },
);
