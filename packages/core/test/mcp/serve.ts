import { onTestFinished } from 'vitest';
import { createHost, type Host, type HostOptions, type Listener, type Transport } from '../../src/index.ts';
import { httpTransport, type HttpTransportOptions } from '../../src/mcp/http.ts';
import { probe } from './probe.ts';
import { recordingLog } from './recording-log.ts';

type AtEnd = (close: () => Promise<void>) => void;

/** Serves a host with the probe's tools over HTTP, at any free port, until the test ends. */
export async function serve(transport: HttpTransportOptions = {}, options: Partial<HostOptions> = {}, atEnd: AtEnd = onTestFinished) {
  const { connector, events } = probe();
  const { log, lines } = recordingLog();
  const host = createHost({ connectors: [connector], log, ...options });
  const listener = await listen(httpTransport({ port: 0, ...transport }), host, atEnd);
  return { host, events, lines, listener, url: new URL(listener.url) };
}

/** Serves a host until the test ends. */
export async function listen(transport: Transport, host: Host, atEnd: AtEnd = onTestFinished): Promise<Listener> {
  const listener = await transport.listen(host);
  atEnd(async () => {
    await listener.close();
    await host.close();
  });
  return listener;
}
