import { isIPv4, isIPv6 } from 'node:net';

// Nearly every request comes from the same address as the request before it.
let last: { readonly address: string | undefined; readonly owner: string } | undefined;

/** Counts all that is not an address, so that text which a client may choose does not make it a new client. */
const unknownOwner = 'unknown';
const mappedIpv4 = [0, 0, 0, 0, 0, 0xffff].join(':');

/**
 * Returns the name under which the requests of a network address are counted. Accepts what a socket or a proxy reports: with or without a
 * port, brackets or a zone. An IPv4 address is its own name, also if it is mapped into IPv6 (`::ffff:192.0.2.1`). An IPv6 address counts as
 * its /64 (`2001:db8:0:0::/64`), because a single host has all addresses of such a network. All other text has the name `unknown`.
 */
export function addressOwner(address: string | undefined): string {
  if (!last || last.address !== address) last = { address, owner: ownerOf(address ?? '') };
  return last.owner;
}

function ownerOf(address: string): string {
  const bare = withoutPort(address.trim());
  if (isIPv4(bare)) return bare;
  if (!isIPv6(bare)) return unknownOwner;
  const groups = groupsOf(bare);
  const [high = 0, low = 0] = groups.slice(6);
  if (groups.slice(0, 6).join(':') === mappedIpv4) return [high >> 8, high & 0xff, low >> 8, low & 0xff].join('.');
  const network = groups.slice(0, 4).map((group) => group.toString(16));
  return `${network.join(':')}::/64`;
}

/** Removes the port of `192.0.2.1:80` and `[2001:db8::1]:80`, and the brackets. */
function withoutPort(address: string): string {
  const [, v6, v4] = /^(?:\[([^\]]*)\](?::\d+)?|([\d.]+):\d+)$/.exec(address) ?? [];
  return v6 ?? v4 ?? address;
}

/** Returns the eight groups of a valid IPv6 address. */
function groupsOf(address: string): readonly number[] {
  const hex = address.replace(/%.*/, '').replace(/(\d+)\.(\d+)\.(\d+)\.(\d+)$/, (_text, ...bytes: string[]) => {
    const [a = 0, b = 0, c = 0, d = 0] = bytes.slice(0, 4).map(Number);
    return `${((a << 8) | b).toString(16)}:${((c << 8) | d).toString(16)}`;
  });
  const [before = [], after = []] = hex.split('::').map((part) => (part === '' ? [] : part.split(':').map((group) => parseInt(group, 16))));
  return [...before, ...Array<number>(8 - before.length - after.length).fill(0), ...after];
}
