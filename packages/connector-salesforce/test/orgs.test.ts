import { createHost, localPrincipal, memoryConnections } from '@busbar/core';
import { cockatielResilience } from '@busbar/core/adapters/cockatiel';
import { gotHttpClient } from '@busbar/core/adapters/got';
import { expect, it } from 'vitest';
import { salesforce } from '../src/index.ts';
import { startSalesforceSandbox } from '../src/sandbox.ts';

it('opens several orgs for one tenant, each by its name and with its own session', async () => {
  const live = await startSalesforceSandbox({ myDomain: 'acme', orgName: 'Acme', clientSecret: 'live-secret' });
  const test = await startSalesforceSandbox({ myDomain: 'acme--uat.sandbox', orgName: 'Acme UAT', clientSecret: 'test-secret' });
  const host = createHost({
    connectors: [salesforce],
    connections: memoryConnections([
      { connector: 'salesforce', id: 'one', name: 'live', config: live.config },
      { connector: 'salesforce', id: 'two', name: 'uat', config: test.config },
    ]),
    httpClient: gotHttpClient(),
    resilience: cockatielResilience(),
    remapOrigins: { ...live.remapOrigins, ...test.remapOrigins },
  });
  const nameOf = async (connection: string) => {
    const call = { principal: localPrincipal, tool: 'salesforce_get_org', arguments: { connection }, signal: new AbortController().signal };
    const result = await host.call(call);
    return result.kind === 'answer' ? (result.answer.structuredContent as { name: string }).name : undefined;
  };
  expect(await Promise.all(['live', 'uat', 'live', 'uat'].map(nameOf))).toEqual(['Acme', 'Acme UAT', 'Acme', 'Acme UAT']);
  const sessions = (sandbox: typeof live) => new Set(sandbox.requests.flatMap(({ headers }) => headers['authorization'] ?? []));
  expect([sessions(live).size, sessions(test).size]).toEqual([1, 1]);
  expect(sessions(live)).not.toEqual(sessions(test));
  await host.close();
  await Promise.all([live.close(), test.close()]);
});
