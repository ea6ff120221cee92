// @modelcontextprotocol/server 2.x as in its documentation: a factory that registers the tools, with schemas written where they are used.
import { createServer } from 'node:http';
import { toNodeHandler } from '@modelcontextprotocol/node';
import { createMcpHandler, McpServer } from '@modelcontextprotocol/server';
import { descriptionOf, inputOf, port, run, toolNames } from './work.ts';

const handler = createMcpHandler(() => {
  const server = new McpServer({ name: 'bench', version: '1.0.0' });
  for (const name of toolNames) server.registerTool(name, { description: descriptionOf(name), inputSchema: inputOf(name) }, run);
  return server;
});
const listener = toNodeHandler(handler);
createServer((request, response) => void listener(request, response)).listen(port, '127.0.0.1');
