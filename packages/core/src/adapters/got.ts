import { lookup, type LookupAddress } from 'node:dns';
import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { BlockList, isIP, isIPv4, isIPv6, type LookupFunction } from 'node:net';
import got, { RequestError, TimeoutError } from 'got';
import { HttpClientError, type HttpClient, type IncomingResponse } from '../ports/http-client.ts';

/** Options for {@link gotHttpClient}. */
export interface GotHttpClientOptions {
  /**
   * The maximum number of sockets per origin. Connections of many tenants may share an origin, so the number should be larger than a few
   * connections' bulkheads together. Default 1,000.
   */
  readonly maxSockets?: number | undefined;
  /** How long the DNS lookup, the connection and the TLS handshake may each take, in milliseconds. Default 5,000. */
  readonly connectTimeoutMs?: number | undefined;
}

// Addresses outside the public internet: the registries of special-purpose addresses (RFC 6890). A vendor's hostname that resolves to such
// an address is a mistake or an attack. There are two lists, because Node compares an IPv4 address with the IPv6 rules of its list too.
const privateIpv4 = new BlockList();
const privateIpv6 = new BlockList();
for (const [net, bits] of [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  // Relays of 6to4.
  ['192.88.99.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 4],
  ['240.0.0.0', 4],
] as const)
  privateIpv4.addSubnet(net, bits, 'ipv4');
for (const [net, bits] of [
  // All but 2000::/3, which has all public addresses. That includes IPv4 addresses in all their IPv6 forms, and the local addresses.
  ['::', 3],
  ['4000::', 2],
  ['8000::', 1],
  // Teredo, ORCHID, benchmarks and other protocols.
  ['2001::', 23],
  ['2001:db8::', 32],
  // 6to4: any IPv4 address.
  ['2002::', 16],
  ['3fff::', 20],
] as const)
  privateIpv6.addSubnet(net, bits, 'ipv6');

/** Whether an address is outside the public internet. Text that is not an address is, and so is an IPv4 address within an IPv6 address. */
export function isPrivateAddress(address: string): boolean {
  if (isIPv4(address)) return privateIpv4.check(address, 'ipv4');
  return !isIPv6(address) || privateIpv6.check(address, 'ipv6');
}

class PrivateAddressError extends Error {
  readonly code = 'ERR_PRIVATE_ADDRESS';
}

/**
 * Resolves hostnames as the system does, and refuses hostnames that resolve to a private address. The check and the connection use the same
 * lookup, so the address cannot change between them.
 */
const publicLookup: LookupFunction = (hostname, options, callback) => {
  lookup(hostname, { ...options, all: true }, (error, addresses: LookupAddress[]) => {
    if (error) return callback(error, '', 0);
    const refused = addresses.find(({ address }) => isPrivateAddress(address));
    const [first] = addresses;
    if (refused || !first) return callback(new PrivateAddressError(`${hostname} resolves to a private address`), '', 0);
    if (options.all) return callback(null, addresses);
    callback(null, first.address, first.family);
  });
};

/** Errors that occur before the request is sent. Any other error may occur after it is sent. */
const neverSent = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ERR_PRIVATE_ADDRESS',
  'ERR_TLS_CERT_ALTNAME_INVALID',
  'CERT_HAS_EXPIRED',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
]);
const connectPhases = new Set(['lookup', 'connect', 'secureConnect', 'socket']);

/**
 * Sends requests with got: one attempt per request (got's own retries are off), kept-alive sockets, no redirects, no cookies and no proxies
 * from the environment. Refuses private addresses unless the host remapped the origin.
 */
export function gotHttpClient({ maxSockets = 1_000, connectTimeoutMs = 5_000 }: GotHttpClientOptions = {}): HttpClient {
  const agents = { keepAlive: true, maxSockets, maxFreeSockets: 10, scheduling: 'lifo' } as const;
  const agent = { http: new HttpAgent(agents), https: new HttpsAgent(agents) };

  return {
    async send({ method, url, headers, body, remap, signal }): Promise<IncomingResponse> {
      signal.throwIfAborted();
      const target = remap ? new URL(url.pathname + url.search, remap) : url;
      const literal = target.hostname.replace(/^\[|\]$/g, '');
      if (!remap && (target.protocol !== 'https:' || (isIP(literal) !== 0 && isPrivateAddress(literal)))) {
        throw new HttpClientError(`${target.origin} is not a public HTTPS origin`, 'no');
      }
      const stream = got.stream(target, {
        method: method as 'GET',
        headers: { 'user-agent': 'busbar', ...headers, ...(remap && { host: url.host }) },
        // Without this body, got waits until a body is written, except for methods that cannot have a body.
        ...(method !== 'GET' && { body: body ?? '' }),
        agent,
        signal,
        retry: { limit: 0 },
        followRedirect: false,
        throwHttpErrors: false,
        timeout: { lookup: connectTimeoutMs, connect: connectTimeoutMs, secureConnect: connectTimeoutMs },
        ...(!remap && { dnsLookup: publicLookup }),
      });
      return await new Promise<IncomingResponse>((resolve, reject) => {
        stream.once('error', (error: unknown) => reject(signal.aborted ? (signal.reason as Error) : toSendError(error)));
        stream.once('response', (response: { statusCode: number; rawHeaders: string[] }) =>
          resolve({ status: response.statusCode, headers: toHeaders(response.rawHeaders), body: readable(stream, signal) }),
        );
      });
    },
  };
}

/** Yields the body in chunks. Leaving the loop early destroys the stream and its socket. */
async function* readable(stream: AsyncIterable<Uint8Array>, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  try {
    for await (const chunk of stream) yield chunk;
  } catch (error) {
    if (signal.aborted) throw signal.reason;
    throw new HttpClientError('The answer broke off', 'unknown', error);
  }
}

function toSendError(error: unknown): HttpClientError {
  const code = error instanceof RequestError ? error.code : undefined;
  const sent =
    (error instanceof TimeoutError && connectPhases.has(error.event)) || (code !== undefined && neverSent.has(code)) ? 'no' : 'unknown';
  return new HttpClientError(error instanceof Error ? error.message : String(error), sent, error);
}

function toHeaders(raw: readonly string[]): Headers {
  const headers = new Headers();
  for (let i = 0; i + 1 < raw.length; i += 2) headers.append(raw[i] ?? '', raw[i + 1] ?? '');
  return headers;
}
