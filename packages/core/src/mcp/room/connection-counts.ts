import type { Socket } from 'node:net';
import type { Clock } from '../../clock.ts';
import { addressOwner } from './address-owner.ts';

/** Options for {@link ConnectionCounts}. */
export interface ConnectionCountsOptions {
  /** The most open connections of all owners. */
  readonly total: number;
  /** The most open connections of one owner while all others have none. */
  readonly maxPerOwner: number;
  /** Whether an owner may be shut out. False if all clients have the address of a proxy. */
  readonly shutsOut: boolean;
  /** Calls `onCrowded` when more connections are open, at most once a second. */
  readonly crowded: number;
  onCrowded(): void;
  readonly clock: Clock;
}

// Node parses all requests that have arrived on a connection in one turn of the loop, and cannot be stopped. Closing the connection keeps
// that to one packet, and closing all connections of a network that does it again and again keeps it to three.
const maxOffences = 3;
const shutOutMs = 10_000;
const maxRemembered = 10_000;

/** Counts the open connections of each network, and closes those beyond a limit at once. */
export class ConnectionCounts {
  readonly #options: ConnectionCountsOptions;
  /** Only owners with open connections. */
  readonly #open = new Map<string, Set<Socket>>();
  /** The offences of an owner, the oldest first, and until when they count. */
  readonly #offences = new Map<string, { count: number; readonly until: number }>();
  #count = 0;
  #crowdedAt = -Infinity;

  constructor(options: ConnectionCountsOptions) {
    this.#options = options;
  }

  /** All open connections. */
  *[Symbol.iterator](): Generator<Socket> {
    for (const sockets of this.#open.values()) yield* sockets;
  }

  /** Counts a new connection until it closes, or closes it. */
  admit(socket: Socket): void {
    const { crowded, onCrowded, clock } = this.#options;
    const owner = addressOwner(socket.remoteAddress);
    const open = this.#open.get(owner) ?? new Set();
    if (!this.#hasRoom(open.size) || this.#isShutOut(owner)) return void socket.destroy();
    this.#open.set(owner, open.add(socket));
    this.#count += 1;
    socket.once('close', () => {
      this.#count -= 1;
      open.delete(socket);
      if (open.size === 0) this.#open.delete(owner);
    });
    if (this.#count <= crowded || clock.elapsed() - this.#crowdedAt < 1_000) return;
    this.#crowdedAt = clock.elapsed();
    onCrowded();
  }

  /**
   * Closes the connection of a client that makes Node parse much that is not wanted. At the third in ten seconds, closes all connections of
   * its network, and lets it open no other for the rest of this time.
   */
  refuse(socket: Socket): void {
    if (socket.destroyed) return;
    const owner = addressOwner(socket.remoteAddress);
    socket.destroy();
    if (!this.#options.shutsOut) return;
    const known = this.#offencesOf(owner);
    if (known) known.count += 1;
    else this.#offences.set(owner, { count: 1, until: this.#options.clock.elapsed() + shutOutMs });
    const [first] = this.#offences.keys();
    if (this.#offences.size > maxRemembered && first !== undefined) this.#offences.delete(first);
    if (this.#isShutOut(owner)) for (const each of this.#open.get(owner) ?? []) each.destroy();
  }

  /** Whether an owner may open another connection: it may have no more than a multiple of those that are free. */
  #hasRoom(open: number): boolean {
    const { total, maxPerOwner } = this.#options;
    return this.#count < total && open < maxPerOwner && open * (total - maxPerOwner) <= maxPerOwner * (total - this.#count);
  }

  #isShutOut(owner: string): boolean {
    return (this.#offencesOf(owner)?.count ?? 0) >= maxOffences;
  }

  #offencesOf(owner: string): { count: number } | undefined {
    const known = this.#offences.get(owner);
    if (known && this.#options.clock.elapsed() < known.until) return known;
    this.#offences.delete(owner);
    return undefined;
  }
}
