// fastmcp with sessions, its default, and with JSON answers, its fastest option.
import { FastMCP } from 'fastmcp';
import { descriptionOf, inputOf, port, run, toolNames } from './work.ts';

const server = new FastMCP({ name: 'bench', version: '1.0.0', ping: { enabled: false } });
for (const name of toolNames)
  server.addTool({ name, description: descriptionOf(name), parameters: inputOf(name), execute: async (input) => run(input) });
await server.start({ transportType: 'httpStream', httpStream: { port, host: '127.0.0.1', endpoint: '/mcp', enableJsonResponse: true } });
