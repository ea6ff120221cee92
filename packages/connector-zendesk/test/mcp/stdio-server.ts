import { stdioTransport } from '@busbar/core/mcp/stdio';
import { createHost, memoryConnections } from '@busbar/core';
import { cockatielResilience } from '@busbar/core/adapters/cockatiel';
import { gotHttpClient } from '@busbar/core/adapters/got';
import { zendesk } from '../../src/index.ts';

// A client in the tests starts this server. The sandbox runs in the test's process.
const [config = '{}', remapOrigins = '{}'] = process.argv.slice(2);
const host = createHost({
  connectors: [zendesk],
  connections: memoryConnections([{ connector: 'zendesk', config: JSON.parse(config) as object }]),
  httpClient: gotHttpClient(),
  resilience: cockatielResilience({ backoffMs: 1 }),
  remapOrigins: JSON.parse(remapOrigins) as Record<string, string>,
});
await stdioTransport().listen(host);
