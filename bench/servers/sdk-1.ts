// @modelcontextprotocol/sdk 1.x with sessions, as in its examples: one server and transport per session, kept by the session's id.
import { randomUUID } from 'node:crypto';
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { createMcpExpressApp } from '@modelcontextprotocol/sdk/server/express.js';
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js';
import type { Request, Response } from 'express';
import { descriptionOf, inputOf, port, run, toolNames } from './work.ts';

const tools = toolNames.map((name) => ({ name, description: descriptionOf(name), inputSchema: inputOf(name) }));
const transports = new Map<string, StreamableHTTPServerTransport>();

async function open(): Promise<StreamableHTTPServerTransport> {
  const server = new McpServer({ name: 'bench', version: '1.0.0' });
  for (const { name, ...tool } of tools) server.registerTool(name, tool, run);
  const transport = new StreamableHTTPServerTransport({
    sessionIdGenerator: () => randomUUID(),
    enableJsonResponse: true,
    onsessioninitialized: (id) => void transports.set(id, transport),
  });
  await server.connect(transport);
  return transport;
}

const app = createMcpExpressApp();
app.post('/mcp', async (request: Request, response: Response) => {
  const transport = transports.get(request.header('mcp-session-id') ?? '') ?? (await open());
  await transport.handleRequest(request, response, request.body);
});
app.listen(port, '127.0.0.1');
