import { toWire, type WireRequest } from '../http-request.ts';
import { bases } from '../requests.ts';
import { asks } from './asks.ts';
import { bodies } from './bodies.ts';
import { callers } from './callers.ts';
import { envelopes } from './envelopes.ts';
import { headers } from './headers.ts';
import { meta } from './meta.ts';
import { methods } from './methods.ts';
import { tools } from './tools.ts';
import { wire } from './wire.ts';

const everything: readonly WireRequest[] = [
  ...[...bases, ...asks, ...bodies, ...callers, ...envelopes, ...headers, ...meta, ...methods, ...tools].map(toWire),
  ...wire,
];

/** All requests, each once: requests with the same bytes count as one. */
export const corpus: readonly WireRequest[] = [
  ...new Map(everything.map((request) => [JSON.stringify([request.packets.map(asText), request.cut]), request] as const)).values(),
];

function asText(packet: Buffer): string {
  return packet.toString('latin1');
}
