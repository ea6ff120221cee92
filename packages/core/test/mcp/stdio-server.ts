import { createHost } from '../../src/index.ts';
import { stdioTransport } from '../../src/mcp/stdio.ts';
import { probe } from './probe.ts';

// The program that the tests' stdio clients start.
const { connector } = probe();
const jobs = [{ name: 'poll', everyMs: 60_000, run: async () => {} }];
const host = createHost({ connectors: [{ ...connector, jobs }] });
const listener = await stdioTransport().listen(host);
process.once('SIGTERM', () => void listener.close().then(() => host.close()));
