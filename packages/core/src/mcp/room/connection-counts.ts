import type { Socket } from 'node:net';
import { addressOwner } from './address-owner.ts';

/** Counts the open connections of each network address or, with IPv6, of each /64, and closes those beyond a limit at once. */
export class ConnectionCounts {
  readonly #max: number;
  /** Only owners of addresses with open connections. */
  readonly #open = new Map<string, number>();

  constructor(max: number) {
    this.#max = max;
  }

  /** Counts a new connection until it closes, or closes it. */
  admit(socket: Socket): void {
    const owner = addressOwner(socket.remoteAddress);
    const open = this.#open.get(owner) ?? 0;
    if (open >= this.#max) return void socket.destroy();
    this.#open.set(owner, open + 1);
    socket.once('close', () => {
      const left = (this.#open.get(owner) ?? 1) - 1;
      if (left > 0) this.#open.set(owner, left);
      else this.#open.delete(owner);
    });
  }
}
