import type { Socket } from 'node:net';
import type { Clock } from '../../clock.ts';
import { addressOwner } from './address-owner.ts';

/** Options for {@link ConnectionCounts}. */
export interface ConnectionCountsOptions {
  /** The most open connections of one owner. */
  readonly maxPerOwner: number;
  /** Calls `onCrowded` when more connections are open, at most once a second. */
  readonly crowded: number;
  onCrowded(): void;
  readonly clock: Clock;
}

// How long a client that sends many requests without waiting for answers is shut out.
const shutOutMs = 10_000;
const maxShutOut = 10_000;

/** Counts the open connections of each network, and closes those beyond a limit at once. */
export class ConnectionCounts {
  readonly #options: ConnectionCountsOptions;
  /** Only owners with open connections. */
  readonly #open = new Map<string, Set<Socket>>();
  /** Until when, in the order of the times. */
  readonly #shutOut = new Map<string, number>();
  #count = 0;
  #crowdedAt = -Infinity;

  constructor(options: ConnectionCountsOptions) {
    this.#options = options;
  }

  /** Counts a new connection until it closes, or closes it. */
  admit(socket: Socket): void {
    const { maxPerOwner, crowded, onCrowded, clock } = this.#options;
    const owner = addressOwner(socket.remoteAddress);
    const open = this.#open.get(owner) ?? new Set();
    if (open.size >= maxPerOwner || this.#isShutOut(owner)) return void socket.destroy();
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

  /** Closes all connections of a connection's owner, and lets it open no other for ten seconds. */
  shutOut(socket: Socket): void {
    const owner = addressOwner(socket.remoteAddress);
    const open = this.#open.get(owner);
    if (!open) return;
    for (const each of open) each.destroy();
    this.#shutOut.delete(owner);
    this.#shutOut.set(owner, this.#options.clock.elapsed() + shutOutMs);
    const [first] = this.#shutOut.keys();
    if (this.#shutOut.size > maxShutOut && first !== undefined) this.#shutOut.delete(first);
  }

  #isShutOut(owner: string): boolean {
    const until = this.#shutOut.get(owner);
    if (until === undefined) return false;
    if (this.#options.clock.elapsed() < until) return true;
    this.#shutOut.delete(owner);
    return false;
  }
}
