import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { silentLogger } from '@busbar/core';
import { expect, onTestFinished, test } from 'vitest';
import { webListener, type WebHandler } from '../../src/http/web-listener.ts';

test('reads nothing of a body before the handler does', async () => {
  const handler: WebHandler = async ({ body }, { incoming }) => {
    const flowing = incoming.readableFlowing;
    incoming.setEncoding('utf8');
    let text = '';
    for await (const part of incoming) text += part;
    return Response.json({ body, flowing, text });
  };
  const listener = webListener(handler, silentLogger);
  const sender = { principal: { tenant: 'acme', id: 'key_1', roles: [] }, address: undefined };
  const server = createServer((request, response) => listener(request, response, sender)).listen(0, '127.0.0.1');
  onTestFinished(() => void server.close());
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const answer = await fetch(`http://127.0.0.1:${port}/`, { method: 'POST', body: 'whole' });
  expect(await answer.json()).toEqual({ body: null, flowing: null, text: 'whole' });
});
