import { createHost } from '../../src/index.ts';
import { probe } from './probe.ts';
import { stdioTransport } from '../../src/mcp/stdio.ts';

// What a client of the tests starts.
const { connector } = probe();
const host = createHost({ connectors: [connector] });
const listener = await stdioTransport().listen(host);
process.once('SIGTERM', () => void listener.close().then(() => host.close()));
