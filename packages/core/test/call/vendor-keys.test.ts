import { expect, test } from 'vitest';
import { localPrincipal, memoryMetering } from '../../src/index.ts';
import { useAcme, type Acme } from '../support/acme.ts';

let acme: Acme;
const hostWith = useAcme((started) => (acme = started));

test('a client’s key that is the id of another call does not make the two one write for the vendor', async () => {
  const ids: string[] = [];
  const { host } = hostWith({ metering: memoryMetering({ record: (call) => void ids.push(call.callId) }) });
  const request = {
    principal: localPrincipal,
    tool: 'acme_create_item_once',
    arguments: { name: 'lamp' },
    signal: new AbortController().signal,
  };
  await host.call(request);
  await host.call({ ...request, idempotencyKey: ids[0] });
  expect(ids).toHaveLength(2);
  expect(new Set(acme.requests.map(({ headers }) => headers['idempotency-key'])).size).toBe(2);
  expect(acme.created).toHaveLength(2);
});
