import { stdioTransport } from '@busbar/core/mcp/stdio';
import { openHost } from '../start-account.ts';

// What a client of the tests starts. The sandbox runs in the test itself.
const [config = '{}', remapOrigins = '{}'] = process.argv.slice(2);
await stdioTransport().listen(openHost({ remapOrigins: JSON.parse(remapOrigins) as Record<string, string> }, JSON.parse(config) as object));
