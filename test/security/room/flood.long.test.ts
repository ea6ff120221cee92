import { fork } from 'node:child_process';
import { once } from 'node:events';
import { createApiKeys, openDatabase } from '../../../packages/postgres/src/index.ts';
import { expect, test } from 'vitest';
import { systemClock } from '../../../packages/core/src/index.ts';
import { startVendor } from '../../../examples/hosted-server/test/chaos/vendor.ts';
import { callTool } from '../../../examples/hosted-server/test/mcp-requests.ts';
import { startServing } from '../../../examples/hosted-server/test/server-process.ts';
import { postgresql } from '../../../packages/postgres/test/support/databases.ts';
import type { Attack } from './attacker.ts';

const callsPerSecond = 20;

/** 1 MiB of arguments with as many values as a message may have. */
const heavyBody = (): string => {
  const items = Array.from({ length: 4_900 }, (_, index) => `{"email":"${'a'.repeat(180)}${index}","name":"@"}`);
  const args = `{"to":[${items.join(',')}],"subject":"a"}`;
  return `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"zendesk_create_ticket","arguments":${args}}}`;
};

const answered = '{"jsonrpc":"2.0","id":1,"method":"tools/list"}';

test.skipIf(!postgresql)(
  '2,000 sockets of a stranger, of a key and of a tenant’s sixteen keys leave another tenant’s calls as they were',
  async () => {
    await using stack = new AsyncDisposableStack();
    const place = await postgresql?.place();
    if (!place) return;
    stack.defer(() => place.remove());
    const url = (place.options as { readonly url: string }).url;
    const vendor = await startVendor(stack);
    const server = await startServing(stack, {
      ...vendor.env,
      DATABASE_URL: url,
      BUSBAR_SECRET: 'a secret of more than 32 characters: 1234567890',
      BUSBAR_CALLS_PER_MINUTE: '100000',
      BUSBAR_ADDRESS_CALLS_PER_MINUTE: '6000',
    });
    const database = await openDatabase(place.options);
    stack.defer(() => database.close());
    const keys = createApiKeys(database, systemClock);
    const attackersKeys = await Promise.all(
      Array.from({ length: 16 }, async (_, index) => (await keys.create({ tenant: 'attacker', name: `k${index}`, roles: [] })).key),
    );
    const victim = { url: server.url, key: server.key };

    const failures: unknown[] = [];
    /** Calls 20 times a second. Returns the times of all calls in milliseconds. */
    const measure = async (seconds: number): Promise<number[]> => {
      const calls: Promise<number>[] = [];
      for (let index = 0; index < seconds * callsPerSecond; index += 1) {
        await systemClock.sleep(1_000 / callsPerSecond, new AbortController().signal);
        const start = performance.now();
        calls.push(
          callTool(victim, 'zendesk_create_ticket', { subject: `Call ${index}`, body: 'It must not wait.' }).then(
            ({ isError, text }) => {
              if (isError) failures.push(text);
              return performance.now() - start;
            },
            (error: unknown) => failures.push(error),
          ),
        );
      }
      return (await Promise.all(calls)).sort((a, b) => a - b);
    };
    const p95 = (times: readonly number[]) => times[Math.floor(times.length * 0.95)] ?? NaN;

    let network = 1;
    const under = async (attack: Omit<Attack, 'url' | 'from'> & { readonly hosts?: number }): Promise<number> => {
      const process = fork(new URL('./attacker.ts', import.meta.url), { execArgv: [] });
      try {
        // Each attack comes from addresses of its own, so that none profits from the limits that another has used up.
        network += 1;
        const from = Array.from({ length: attack.hosts ?? 4 }, (_, host) => `127.0.${network}.${host + 1}`);
        process.send({ ...attack, from, url: server.url });
        await once(process, 'message');
        const times = await measure(6);
        process.send('count');
        const [counts] = (await once(process, 'message')) as [object];
        console.info(
          attack.kind,
          attack.keys.length,
          'keys',
          { p50: times[times.length >> 1], p95: p95(times), max: times.at(-1) },
          JSON.stringify(counts),
        );
        return p95(times);
      } finally {
        process.kill('SIGKILL');
        await once(process, 'close');
      }
    };

    await measure(2);
    const quiet = p95(await measure(5));
    console.info('quiet p95', quiet);
    const oneKey = attackersKeys.slice(0, 1);
    const found = {
      stranger: await under({ kind: 'silent', sockets: 2_000, keys: [], hosts: 1 }),
      slowKey: await under({ kind: 'slow', sockets: 2_000, keys: oneKey }),
      slowTenant: await under({ kind: 'slow', sockets: 2_000, keys: attackersKeys }),
      heavyTenant: await under({ kind: 'heavy', sockets: 200, keys: attackersKeys, perKey: 100, body: heavyBody() }),
      unreadTenant: await under({ kind: 'unread', sockets: 500, keys: attackersKeys, body: answered }),
    };
    console.info(server.stderr.slice(0, 3000));
    expect(failures).toEqual([]);
    // On a quiet machine the others stay below three times. Whole bodies of 1 MiB, a hundred in a second, also take up the machine itself:
    // the sender's core and the kernel's copies.
    const { heavyTenant, ...others } = found;
    for (const [name, ms] of Object.entries(others)) expect(ms, name).toBeLessThan(5 * quiet);
    expect(heavyTenant).toBeLessThan(10 * quiet);
  },
  180_000,
);
