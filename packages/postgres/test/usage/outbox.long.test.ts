import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, test } from 'vitest';
import { openDatabase } from '../../src/index.ts';
import { kinds } from '../support/databases.ts';
import { wasmFlags } from '../support/pglite-template.ts';
import { ledgerRow, writeCalls, writeEvents } from './usage-rows.ts';

const start = Date.UTC(2026, 0, 2);
const ends: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

describe.each(kinds)('the outbox of usage events on $kind', (kind) => {
  test('however often it is killed with kill -9, each event is counted once and none is lost', async () => {
    const own = await kind.place();
    ends.push(() => own.remove());
    const seeded = await openDatabase(own.options);
    const ids = await writeCalls(
      seeded,
      Array.from({ length: 430 }, () => ledgerRow()),
    );
    await writeEvents(seeded, ids, start);
    await seeded.close();

    // The receiver kills the sender before it counts, after it has counted, and while its answer is on the way.
    const counted = new Map<string, number>();
    let child: ChildProcess | undefined;
    let requests = 0;
    const moments = ['before', 'counted', 'answered'];
    const receiver = createServer((request, response) => {
      void (async () => {
        const batch = (await json(request)) as string[];
        const moment = (requests += 1) % 2 === 0 ? moments.shift() : undefined;
        if (moment === 'before') return void child?.kill('SIGKILL');
        for (const id of batch) counted.set(id, (counted.get(id) ?? 0) + 1);
        if (moment === 'counted') return void child?.kill('SIGKILL');
        response.end();
        if (moment === 'answered') child?.kill('SIGKILL');
      })();
    }).listen(0, '127.0.0.1');
    await once(receiver, 'listening');
    ends.push(async () => {
      receiver.closeAllConnections();
      receiver.close();
    });
    const url = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}`;
    const kills = moments.length;
    for (let round = 0; round <= kills; round += 1) {
      // The clock advances two minutes each time, so the events of the last process are free again.
      const args = [JSON.stringify(own.options), url, String(round * 120_000)];
      const program = fileURLToPath(new URL('./outbox-child.ts', import.meta.url));
      const started = spawn(process.execPath, [...wasmFlags, program, ...args], {
        stdio: ['ignore', 'ignore', 'inherit'],
      });
      const exited = once(started, 'exit');
      child = started;
      ends.push(async () => {
        started.kill('SIGKILL');
        await exited;
      });
      expect(await exited).toEqual(round < kills ? [null, 'SIGKILL'] : [0, null]);
    }
    expect([...counted.keys()].sort()).toEqual(ids.sort());
    // Events that were counted and not acknowledged came again, with the same id.
    expect([...counted.values()].some((times) => times > 1)).toBe(true);
    expect(moments).toEqual([]);
    const left = await openDatabase(own.options);
    ends.push(() => left.close());
    expect(await left.db.selectFrom('usage_outbox').selectAll().execute()).toEqual([]);
  });
});
