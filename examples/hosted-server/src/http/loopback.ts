/**
 * Whether an address or host name is this machine's own, which no other machine can reach. `::ffff:127.0.0.1` is how Node names an IPv4
 * peer.
 */
export const isLoopback = (host: string): boolean => /^(localhost|(::ffff:)?127(\.\d{1,3}){3}|::1|\[::1\])$/i.test(host);
