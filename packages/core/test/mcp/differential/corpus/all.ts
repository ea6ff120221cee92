import { sent, type Sent } from '../http-request.ts';
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

const everything: readonly Sent[] = [
  ...[...bases, ...asks, ...bodies, ...callers, ...envelopes, ...headers, ...meta, ...methods, ...tools].map(sent),
  ...wire,
];

/** All requests, each once: parts of the corpus that come to the same bytes count as one. */
export const corpus: readonly Sent[] = [
  ...new Map(everything.map((one) => [JSON.stringify([one.packets.map(asText), one.cut]), one] as const)).values(),
];

function asText(packet: Buffer): string {
  return packet.toString('latin1');
}
