// mcp-framework with sessions and JSON answers, its defaults. It supports only schemas of zod 3, so this file repeats the work for zod 3.
import { MCPServer, MCPTool } from 'mcp-framework';
import { z } from 'zod-3';
import { descriptionOf, port, toolNames, type Input } from './work.ts';

const inputOf = (name: string) =>
  z.object({
    text: z.string().min(1).max(100_000).describe(`What ${name} sends, 1 to 100,000 characters of plain text`),
    channel: z.enum(['email', 'chat', 'sms', 'voice']).describe('The channel by which the customer is to be reached'),
    priority: z.number().int().min(1).max(5).describe('How urgent it is, from 1, at once, to 5, whenever there is time'),
    limit: z.number().int().min(1).max(100).describe('How many recipients of a list get it at most, 1 to 100'),
    draft: z.boolean().describe('True keeps it as a draft instead of sending it'),
    labels: z.array(z.string().min(1).max(40)).max(10).describe('Labels to file it under, at most 10, such as billing'),
    locale: z.string().min(2).max(10).optional().describe('The language that the customer reads, such as en-GB'),
    reference: z.string().max(64).optional().describe('The order or the invoice that it is about, as the customer knows it'),
  });

const server = new MCPServer({
  name: 'bench',
  version: '1.0.0',
  transport: { type: 'http-stream', options: { port, endpoint: '/mcp', responseMode: 'batch' } },
});
for (const toolName of toolNames)
  server.addTool(
    class extends MCPTool {
      name = toolName;
      description = descriptionOf(toolName);
      schema = inputOf(toolName);
      // Sends the text unchanged, and not as JSON.
      override useStringify = false;
      execute = async ({ text }: Input) => text;
    },
  );
await server.start();
