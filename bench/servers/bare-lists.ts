// Writes the bare server's answers to `tools/list`. They equal Busbar's answers byte for byte, so that the bare server sends the same
// amount.
import { fork } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { openClient } from '../clients/client.ts';
import type { Era } from '../clients/request.ts';

const eras: readonly Era[] = ['2026-07-28', '2025-11-25'];

for (const count of [10, 50, 200]) {
  const port = await freePort();
  const busbar = fork(new URL('busbar.js', import.meta.url), [String(port), String(count)], { stdio: 'ignore' });
  for (const era of eras) writeFileSync(new URL(`list-${count}-${era}`, import.meta.url), await listOf(port, era));
  busbar.kill('SIGKILL');
}

async function listOf(port: number, era: Era): Promise<Buffer> {
  const client = await started(() => openClient({ port, era, session: false }));
  const { status, body } = await client.send(client.request({ method: 'tools/list' }));
  client.close();
  if (status !== 200) throw new Error(`Busbar answered ${status}: ${body.toString('utf8')}`);
  return body;
}

async function started<T>(connect: () => Promise<T>): Promise<T> {
  for (let left = 1_000; ; left -= 1) {
    try {
      return await connect();
    } catch (error) {
      if (left === 0) throw error;
      await sleep(10);
    }
  }
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => void server.close(resolve));
  return port;
}
