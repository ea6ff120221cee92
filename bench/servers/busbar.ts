// Busbar as in examples/minimal-server.
import { createHost } from '@busbar/core';
import { httpTransport } from '@busbar/core/mcp/http';
import { bench } from './busbar-connector.ts';
import { port } from './work.ts';

await httpTransport({ port }).listen(createHost({ connectors: [bench] }));
