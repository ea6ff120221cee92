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
    const settings = {
      ...vendor.env,
      DATABASE_URL: url,
      BUSBAR_SECRET: 'a secret of more than 32 characters: 1234567890',
      BUSBAR_CALLS_PER_MINUTE: '100000',
      BUSBAR_ADDRESS_CALLS_PER_MINUTE: '6000',
    };
    const attacked = await startServing(stack, settings);
    // No one attacks the other server: it is as slow as an attack makes this machine, which also runs the attacker and the database.
    const spared = await startServing(stack, settings);
    const database = await openDatabase(place.options);
    stack.defer(() => database.close());
    const keys = createApiKeys(database, systemClock);
    const attackersKeys = await Promise.all(
      Array.from({ length: 16 }, async (_, index) => (await keys.create({ tenant: 'attacker', name: `k${index}`, roles: [] })).key),
    );
    const { key } = attacked;

    const failures: unknown[] = [];
    /** Calls both servers 20 times a second. Returns the times of all calls in milliseconds. */
    const measure = async (seconds: number): Promise<Record<'attacked' | 'spared', number[]>> => {
      const calls: Record<'attacked' | 'spared', Promise<number>[]> = { attacked: [], spared: [] };
      const timeOf = async (url: string, subject: string): Promise<number> => {
        const start = performance.now();
        const { isError, text } = await callTool({ url, key }, 'zendesk_create_ticket', { subject, body: 'It must not wait.' });
        if (isError) failures.push(text);
        return performance.now() - start;
      };
      const failed = (error: unknown): number => failures.push(error);
      for (let index = 0; index < seconds * callsPerSecond; index += 1) {
        await systemClock.sleep(1_000 / callsPerSecond, new AbortController().signal);
        calls.attacked.push(timeOf(attacked.url, `Call ${index}`).catch(failed));
        calls.spared.push(timeOf(spared.url, `Spared call ${index}`).catch(failed));
      }
      const sorted = async (times: readonly Promise<number>[]) => (await Promise.all(times)).sort((a, b) => a - b);
      return { attacked: await sorted(calls.attacked), spared: await sorted(calls.spared) };
    };
    const p95 = (times: readonly number[]) => times[Math.floor(times.length * 0.95)] ?? NaN;

    let network = 1;
    /** Returns how many times as long as before another tenant's calls take under the attack. */
    const under = async (attack: Omit<Attack, 'url' | 'from'> & { readonly hosts?: number }): Promise<number> => {
      const process = fork(new URL('./attacker.ts', import.meta.url), { execArgv: [] });
      try {
        // Each attack comes from addresses of its own, so that none profits from the limits that another has used up.
        network += 1;
        const from = Array.from({ length: attack.hosts ?? 4 }, (_, host) => `127.0.${network}.${host + 1}`);
        process.send({ ...attack, from, url: attacked.url });
        await once(process, 'message');
        const times = await measure(6);
        process.send('count');
        const [counts] = (await once(process, 'message')) as [object];
        const found = { attacked: p95(times.attacked), spared: p95(times.spared) };
        console.info(attack.kind, attack.keys.length, 'keys', found, JSON.stringify(counts));
        return found.attacked / Math.max(found.spared, quiet);
      } finally {
        process.kill('SIGKILL');
        await once(process, 'close');
      }
    };

    await measure(2);
    const before = await measure(5);
    const quiet = p95(before.attacked);
    console.info('quiet', { attacked: quiet, spared: p95(before.spared) });
    const oneKey = attackersKeys.slice(0, 1);
    const found = {
      stranger: await under({ kind: 'silent', sockets: 2_000, keys: [], hosts: 1 }),
      slowKey: await under({ kind: 'slow', sockets: 2_000, keys: oneKey }),
      slowTenant: await under({ kind: 'slow', sockets: 2_000, keys: attackersKeys }),
      heavyTenant: await under({ kind: 'heavy', sockets: 200, keys: attackersKeys, perKey: 100, body: heavyBody() }),
      unreadTenant: await under({ kind: 'unread', sockets: 500, keys: attackersKeys, body: answered }),
    };
    expect(failures).toEqual([]);
    for (const [name, times] of Object.entries(found)) expect(times, name).toBeLessThan(3);
  },
  180_000,
);
