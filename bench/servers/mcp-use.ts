// mcp-use with its own HTTP server.
import { MCPServer } from 'mcp-use';
import { descriptionOf, inputOf, port, run, toolNames } from './work.ts';

const server = new MCPServer({ name: 'bench', version: '1.0.0', logging: { enabled: false } });
for (const name of toolNames)
  server.tool({ name, description: descriptionOf(name), inputSchema: inputOf(name) }, async (input) => run(input));
await server.listen(port, { host: '127.0.0.1' });
