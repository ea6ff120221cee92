import type { Socket } from 'node:net';

/** Counts the open connections of each network address, and closes those beyond a limit at once. */
export class ConnectionCounts {
  readonly #max: number;
  /** Only addresses with open connections. */
  readonly #open = new Map<string, number>();

  constructor(max: number) {
    this.#max = max;
  }

  /** Counts a new connection until it closes, or closes it. */
  admit(socket: Socket): void {
    const address = socket.remoteAddress ?? '';
    const open = this.#open.get(address) ?? 0;
    if (open >= this.#max) return void socket.destroy();
    this.#open.set(address, open + 1);
    socket.once('close', () => {
      const left = (this.#open.get(address) ?? 1) - 1;
      if (left > 0) this.#open.set(address, left);
      else this.#open.delete(address);
    });
  }
}
