import { once } from 'node:events';
import { PassThrough } from 'node:stream';
import { onTestFinished } from 'vitest';
import { createHost, type Host, type HostOptions } from '../../src/index.ts';
import { stdioTransport, type StdioTransportOptions } from '../../src/mcp/stdio.ts';
import { manualClock } from '../../src/testing/manual-clock.ts';
import { probe } from './probe.ts';
import { recordingLog } from './recording-log.ts';

interface Received {
  readonly id?: unknown;
  readonly method?: string;
  readonly params?: { readonly progress?: number };
  readonly result?: {
    readonly protocolVersion?: string;
    readonly supportedVersions?: readonly string[];
    readonly structuredContent?: object;
  };
  readonly error?: { readonly code: number; readonly message: string };
}

/** Serves the probe over pipes that the test reads and writes. */
export async function servePipes(options: StdioTransportOptions = {}, hostOptions: Partial<HostOptions> = {}, shared?: Host) {
  const { connector, events } = probe();
  const { log, lines } = recordingLog();
  const clock = manualClock();
  const host = shared ?? createHost({ connectors: [connector], log, clock, ...hostOptions });
  const [input, output] = [new PassThrough(), new PassThrough()];
  const listener = await stdioTransport({ input, output, ...options }).listen(host);
  onTestFinished(() => listener.close());
  const send = (id: number, { body }: { body: object }) => void input.write(`${JSON.stringify({ ...body, id })}\n`);
  const received: Received[] = [];
  let rest = '';
  output.on('data', (chunk: Buffer) => {
    const complete = (rest + chunk.toString()).split('\n');
    rest = complete.pop() ?? '';
    for (const line of complete) received.push(JSON.parse(line) as Received);
    output.emit('received');
  });
  const until = async (wanted: (message: Received) => boolean): Promise<Received> => {
    for (;;) {
      const found = received.find(wanted);
      if (found) return found;
      await once(output, 'received');
    }
  };
  const answer = (id: number) => until((message) => message.id === id);
  return { listener, events, input, send, until, answer, received, lines, clock };
}
