// mcp-handler on the SDK's adapter for Node. The schemas are created once.
import { createServer } from 'node:http';
import { toNodeHandler } from '@modelcontextprotocol/node';
import { createMcpHandler } from 'mcp-handler';
import { descriptionOf, inputOf, port, run, toolNames } from './work.ts';

const tools = toolNames.map((name) => ({ name, description: descriptionOf(name), inputSchema: inputOf(name) }));
const handler = createMcpHandler(
  (server) => {
    for (const { name, ...tool } of tools) server.registerTool(name, tool, run);
  },
  { serverInfo: { name: 'bench', version: '1.0.0' } },
);
const listener = toNodeHandler({ fetch: handler });
createServer((request, response) => void listener(request, response)).listen(port, '127.0.0.1');
