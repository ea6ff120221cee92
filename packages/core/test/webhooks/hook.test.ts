import { createHmac } from 'node:crypto';
import { expect, onTestFinished, test } from 'vitest';
import { z } from 'zod';
import { createHost, defineConnector, localPrincipal, memoryConnections } from '../../src/index.ts';
import { manualClock } from '../../src/testing/manual-clock.ts';
import { recordingLog } from '../mcp/recording-log.ts';

const Event = z.object({ kind: z.enum(['created', 'closed']) });
const acme = defineConnector({
  spec: 'v1',
  id: 'acme',
  config: z.object({ key: z.string(), verifyToken: z.string() }),
  open: () => ({}),
  webhook: {
    log: { name: 'events', entry: Event, max: 10, whenFull: 'drop-oldest' },
    signature: ({ key }) => ({ kind: 'hmac-sha256', key, header: 'x-signature', encoding: 'hex', over: ['body'] }),
    events: (body) =>
      z
        .array(z.unknown())
        .parse(body)
        .map((value) => ({ value })),
    challenge: ({ verifyToken }) => ({ in: 'query', field: 'hub.challenge', tokenField: 'hub.verify_token', token: verifyToken }),
  },
  tools: () => [],
});

async function openHook() {
  const { log, lines } = recordingLog();
  const clock = manualClock();
  const host = createHost({
    clock,
    connectors: [acme],
    connections: memoryConnections([{ connector: 'acme', id: 'c1', hook: 'h00k', config: { key: 'secret', verifyToken: 'meatyhamhock' } }]),
    log,
  });
  onTestFinished(() => host.close());
  const hook = await host.hook('h00k');
  const receive = (value: unknown) => {
    const body = new TextEncoder().encode(JSON.stringify(value));
    return hook?.receive(new Headers({ 'x-signature': createHmac('sha256', 'secret').update(body).digest('hex') }), body);
  };
  return { hook, lines, receive, clock };
}

test('the host logs how many events of a delivery it left out, and why', async () => {
  const { receive, lines } = await openHook();
  await receive([{ kind: 'created' }]);
  expect(lines).toEqual([]);
  expect(await receive([{ kind: 'created' }, { kind: 'melted' }, 7])).toBeUndefined();
  expect(lines).toEqual([
    {
      level: 'warn',
      message: 'events of a webhook could not be read',
      fields: { connector: 'acme', connection: 'c1', kept: 1, leftOut: 2, err: expect.objectContaining({ name: 'ZodError' }) },
    },
  ]);
});

test('the log says which delivery was refused, and why, once a minute for each connection', async () => {
  const { hook, lines, clock } = await openHook();
  const forge = () => hook?.receive(new Headers({ 'x-signature': '00' }), new TextEncoder().encode('[]'));
  const line = {
    level: 'warn',
    message: 'a delivery was refused',
    fields: { tenant: localPrincipal.tenant, connection: 'c1', code: 'FORBIDDEN', reason: expect.stringContaining('signature') },
  };
  for (let times = 0; times < 3; times += 1) await expect(forge()).rejects.toMatchObject({ code: 'FORBIDDEN' });
  expect(lines).toEqual([line]);
  await clock.advance(60_000);
  await expect(forge()).rejects.toMatchObject({ code: 'FORBIDDEN' });
  expect(lines).toEqual([line, line]);
});

test('the host answers a check of the address with the settings of the connection', async () => {
  const { hook } = await openHook();
  const ask = (token: string) => hook?.challenge(new URLSearchParams({ 'hub.challenge': '1158201444', 'hub.verify_token': token }));
  expect(await ask('meatyhamhock')).toBe('1158201444');
  await expect(ask('guess')).rejects.toMatchObject({ code: 'FORBIDDEN' });
});
