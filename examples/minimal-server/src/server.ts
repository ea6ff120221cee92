import { createHost } from '@busbar/core';
import { httpTransport } from '@busbar/core/mcp/http';
import { stdioTransport } from '@busbar/core/mcp/stdio';
import { hello } from '@busbar/hello-connector';

const host = createHost({ connectors: [hello] });
const transport = process.argv.includes('--stdio') ? stdioTransport() : httpTransport({ port: Number(process.env['PORT'] || 3000) });
const listener = await transport.listen(host);
process.once('SIGTERM', () => void listener.close().then(() => host.close()));
console.error(`Serving MCP at ${listener.url}`);
