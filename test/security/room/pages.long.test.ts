import { connect } from 'node:net';
import { expect, test } from 'vitest';
import { dataFolder, startServing } from '../../../examples/hosted-server/test/server-process.ts';
import { cpuMsOf, noCpuClock } from '../fuzz/cpu-clock.ts';
import { rawRequest } from '../raw-request.ts';

const times = 1_500;

/** Sends a request again and again on one connection, each after the answer to the one before. */
async function repeat(port: number, request: string): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const socket = connect(port, '127.0.0.1', () => socket.write(request));
  let left = times;
  socket.on('data', () => ((left -= 1) > 0 ? socket.write(request) : resolve()));
  socket.on('close', () => reject(new Error(`The server closed the connection with ${left} requests left.`)));
  await promise.finally(() => socket.destroy());
}

// Health pages have no rate limit, because a balancer that is refused takes the server out of service.
test.skipIf(noCpuClock)('a page for strangers costs no more than the refusal of a request without a key', async () => {
  await using stack = new AsyncDisposableStack();
  const limits = { BUSBAR_ADDRESS_CALLS_PER_MINUTE: '1000000' };
  const { url, pid } = await startServing(stack, { BUSBAR_DATA_DIR: await dataFolder(stack), ...limits });
  const port = Number(new URL(url).port);
  const costOf = async (request: string): Promise<number> => {
    await repeat(port, request);
    const before = cpuMsOf(pid);
    await repeat(port, request);
    return cpuMsOf(pid) - before;
  };
  const refusal = await costOf(rawRequest({ body: '{}' }));
  for (const target of ['/health', '/health/live', '/nothing', '/admin/v1/keys'])
    expect.soft(await costOf(rawRequest({ method: 'GET', target, length: null })), target).toBeLessThan(1.5 * refusal);
});
