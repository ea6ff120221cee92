import cluster from 'node:cluster';
import { createHost } from '../../src/index.ts';
import { httpTransport } from '../../src/mcp/http.ts';
import { probe } from './probe.ts';

// A program with two workers, each of which prints where it serves.
if (cluster.isPrimary) {
  cluster.fork();
  cluster.fork();
} else {
  const { url } = await httpTransport({ port: 0 }).listen(createHost({ connectors: [probe().connector] }));
  process.stdout.write(`${url}\n`);
}
