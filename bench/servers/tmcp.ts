// tmcp with its HTTP transport, on the adapter for Node that its documentation recommends.
import { createServer } from 'node:http';
import { createRequestListener } from '@remix-run/node-fetch-server';
import { ZodJsonSchemaAdapter } from '@tmcp/adapter-zod';
import { HttpTransport } from '@tmcp/transport-http';
import { McpServer } from 'tmcp';
import { descriptionOf, inputOf, port, run, toolNames } from './work.ts';

const server = new McpServer(
  { name: 'bench', version: '1.0.0', description: 'Echoes' },
  { adapter: new ZodJsonSchemaAdapter(), capabilities: { tools: {} } },
);
for (const name of toolNames) server.tool({ name, description: descriptionOf(name), schema: inputOf(name) }, run);
const transport = new HttpTransport(server, { path: '/mcp' });
const listener = createRequestListener(async (request) => (await transport.respond(request)) ?? new Response(null, { status: 404 }));
createServer(listener).listen(port, '127.0.0.1');
