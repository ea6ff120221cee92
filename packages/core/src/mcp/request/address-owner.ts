import { isIP, SocketAddress } from 'node:net';

/** Stands for all addresses that cannot be read, so that they share one count. */
const unreadable = 'unknown';

let last: readonly [address: string | undefined, owner: string] = [undefined, unreadable];

/**
 * Returns the network that an address is counted for, whatever the form in which a socket or a proxy wrote it: an IPv4 address, or the first
 * 64 bits of an IPv6 address, of which a customer of a provider has 2^64. Ports, brackets and zones are left out.
 */
export function addressOwner(address: string | undefined): string {
  // Most requests come from the address of the request before.
  if (address !== last[0]) last = [address, address === undefined ? unreadable : readOwner(address)];
  return last[1];
}

function readOwner(text: string): string {
  const bare = /^\[(.*)\](?::\d+)?$/.exec(text)?.[1] ?? text;
  const address = (/^([\d.]+):\d+$/.exec(bare)?.[1] ?? bare).replace(/%.*$/, '');
  if (isIP(address) === 4) return address;
  if (isIP(address) !== 6) return unreadable;
  const { address: canonical } = new SocketAddress({ address, family: 'ipv6' });
  const mapped = /^::ffff:([\d.]+)$/.exec(canonical)?.[1];
  return mapped ?? `${groupsOf(canonical).slice(0, 4).join(':')}::/64`;
}

/** The eight groups of an address that may leave out zeros as `::`, and that may end in an IPv4 address. */
function groupsOf(address: string): string[] {
  const [before = '', after] = address.replace(/[\d.]+\.\d+$/, '0:0').split('::');
  const [first, rest] = [before.split(':'), after?.split(':') ?? []].map((groups) => groups.filter((group) => group !== '')) as [
    string[],
    string[],
  ];
  return after === undefined ? first : [...first, ...Array<string>(8 - first.length - rest.length).fill('0'), ...rest];
}
