// @modelcontextprotocol/server 2.x at its best: a low-level server for each request, schemas converted once, arguments validated by hand.
import { createServer } from 'node:http';
import { toNodeHandler } from '@modelcontextprotocol/node';
import { createMcpHandler, ProtocolError, ProtocolErrorCode, Server, type Tool } from '@modelcontextprotocol/server';
import { z } from 'zod';
import { descriptionOf, inputOf, port, run, toolNames } from './work.ts';

const schemas = new Map(toolNames.map((name) => [name, inputOf(name)]));
const tools = toolNames.map((name): Tool => {
  const inputSchema = z.toJSONSchema(inputOf(name)) as Tool['inputSchema'];
  return { name, description: descriptionOf(name), inputSchema };
});

const handler = createMcpHandler(() => {
  const server = new Server({ name: 'bench', version: '1.0.0' }, { capabilities: { tools: {} } });
  server.setRequestHandler('tools/list', () => ({ tools }));
  server.setRequestHandler('tools/call', ({ params }) => {
    const schema = schemas.get(params.name);
    if (!schema) throw new ProtocolError(ProtocolErrorCode.InvalidParams, `There is no tool ${params.name}`);
    const parsed = schema.safeParse(params.arguments);
    if (parsed.success) return run(parsed.data);
    return { content: [{ type: 'text', text: z.prettifyError(parsed.error) }], isError: true };
  });
  return server;
});
const listener = toNodeHandler(handler);
createServer((request, response) => void listener(request, response)).listen(port, '127.0.0.1');
