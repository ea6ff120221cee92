import { expect, test } from 'vitest';
import { callTool } from '../../../examples/hosted-server/test/mcp-requests.ts';
import { startServing } from '../../../examples/hosted-server/test/server-process.ts';
import { postgresql } from '../../../packages/postgres/test/support/databases.ts';
import { setReadOnly } from '../../../packages/postgres/test/support/read-only.ts';

test.skipIf(!postgresql)(
  'a server whose database records nothing is not ready, and is ready again afterwards [needs PostgreSQL]',
  async () => {
    await using stack = new AsyncDisposableStack();
    const place = await postgresql?.place();
    if (!place) return;
    stack.defer(() => place.remove());
    const { url } = place.options as { readonly url: string };
    const server = await startServing(stack, { DATABASE_URL: url, BUSBAR_SECRET: 'a secret of the tests, which is long enough' });
    const ready = async () => {
      const response = await fetch(new URL('/health/ready', server.url));
      return [response.status, await response.json()];
    };
    // Sign-in may fail too, because it records when a key is used.
    const create = () => callTool(server, 'zendesk_create_ticket', { subject: 'S', body: 'B' }).then(({ text }) => text, String);

    expect(await ready()).toEqual([200, { status: 'ready', database: 'ok' }]);
    await setReadOnly(url, 'on');
    await expect.poll(create).toContain('UNAVAILABLE');
    await expect.poll(ready).toEqual([503, { status: 'unavailable', database: 'read-only' }]);
    await setReadOnly(url, 'off');
    await expect.poll(ready).toEqual([200, { status: 'ready', database: 'ok' }]);
    expect(await create()).toContain('"id"');
  },
);
