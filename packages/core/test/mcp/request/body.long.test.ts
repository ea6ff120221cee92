import { once } from 'node:events';
import { request } from 'node:http';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, test } from 'vitest';
import { callOf } from '../raw.ts';
import { serve } from '../serve.ts';

const megabyte = 1024 * 1024;

test('a body is released once it is read, even while its call runs', async () => {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  // Garbage counts until it is swept, which takes a moment in another thread.
  const heldMb = async () => {
    for (let times = 0; times < 5; times += 1) {
      collect();
      await new Promise((resolve) => setImmediate(resolve));
    }
    return process.memoryUsage().arrayBuffers / megabyte;
  };
  const { url, events } = await serve({ maxBodyBytes: 4 * megabyte });
  const { body, headers } = callOf('probe_wait_long');
  const padded = JSON.stringify(body) + ' '.repeat(3 * megabyte);
  const before = await heldMb();
  let starting = 4;
  const started = new Promise<void>((resolve) => events.on('started', () => (starting -= 1) === 0 && resolve()));
  const answers = Array.from({ length: starting }, async () => {
    const sent = request(url, { method: 'POST', headers: { ...headers, 'content-type': 'application/json' } }).end(padded, 'latin1');
    const [response] = await once(sent, 'response');
    response.resume();
    return response.statusCode as number;
  });
  await started;
  expect((await heldMb()) - before).toBeLessThan(3);
  events.emit('finish');
  expect(await Promise.all(answers)).toEqual([200, 200, 200, 200]);
});
