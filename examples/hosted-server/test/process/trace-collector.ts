import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';

/** A received span. Ids are hexadecimal. */
export interface CollectedSpan {
  readonly name: string;
  readonly kind: number;
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId: string;
  readonly statusCode: number;
  readonly attributes: Readonly<Record<string, string | number>>;
  /** The attributes of the process. */
  readonly resource: Readonly<Record<string, string | number>>;
}

/** A collector of traces by OTLP over HTTP, like OpenTelemetry's. */
export interface TraceCollector {
  readonly url: string;
  readonly spans: readonly CollectedSpan[];
  /** All received bytes. */
  readonly raw: string;
  /** Resolves with the first request. */
  readonly requested: Promise<void>;
}

/** Starts a collector on a free port. It closes with the stack. */
export async function startTraceCollector(
  stack: AsyncDisposableStack,
  answer: (response: ServerResponse) => void = (response) => void response.end(),
): Promise<TraceCollector> {
  const spans: CollectedSpan[] = [];
  let raw = '';
  const requested = Promise.withResolvers<void>();
  const server = createServer((request, response) => {
    void (async () => {
      const body = await buffer(request);
      raw += body.toString('latin1');
      if (`${request.method} ${request.url}` === 'POST /v1/traces') spans.push(...readSpans(body));
      requested.resolve();
      answer(response);
    })();
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  stack.defer(async () => {
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    spans,
    get raw() {
      return raw;
    },
    requested: requested.promise,
  };
}

/** Field numbers as in opentelemetry/proto/trace/v1/trace.proto. */
function readSpans(body: Buffer): CollectedSpan[] {
  return messages(body, 1).flatMap((resourceSpans) => {
    const resource = messages(resourceSpans, 1).map((each) => readAttributes(each, 1))[0] ?? {};
    const spans = messages(resourceSpans, 2).flatMap((scopeSpans) => messages(scopeSpans, 2));
    return spans.map((span) => ({
      name: text(span, 5),
      kind: number(span, 6),
      traceId: messages(span, 1)[0]?.toString('hex') ?? '',
      spanId: messages(span, 2)[0]?.toString('hex') ?? '',
      parentSpanId: messages(span, 4)[0]?.toString('hex') ?? '',
      statusCode: messages(span, 15).map((status) => number(status, 3))[0] ?? 0,
      attributes: readAttributes(span, 9),
      resource,
    }));
  });
}

function readAttributes(message: Buffer, field: number): Record<string, string | number> {
  return Object.fromEntries(
    messages(message, field).map((pair) => {
      const value = messages(pair, 2)[0] ?? Buffer.alloc(0);
      return [text(pair, 1), messages(value, 1).length > 0 ? text(value, 1) : number(value, 3)];
    }),
  );
}

const messages = (message: Buffer, field: number) =>
  fields(message).flatMap(([id, value]) => (id === field && Buffer.isBuffer(value) ? [value] : []));
const number = (message: Buffer, field: number) => Number(fields(message).find(([id]) => id === field)?.[1] ?? 0);
const text = (message: Buffer, field: number) => messages(message, field)[0]?.toString() ?? '';

/** Reads the fields of a Protocol Buffers message. */
function fields(message: Buffer): [id: number, value: Buffer | number][] {
  const found: [number, Buffer | number][] = [];
  let at = 0;
  const varint = () => {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = message.readUInt8(at++);
      value += (byte & 127) * scale;
      if (byte < 128) return value;
    }
  };
  const bytes = (length: number) => message.subarray(at, (at += length));
  while (at < message.length) {
    const tag = varint();
    const type = tag & 7;
    found.push([tag >> 3, type === 0 ? varint() : type === 1 ? bytes(8) : type === 2 ? bytes(varint()) : bytes(4)]);
  }
  return found;
}
