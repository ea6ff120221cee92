import { isSelected, type SimulatorMatch, type SimulatorRequest } from './simulator-request.ts';

/** The latest requests that a simulator received, and the callers that are waiting for one. */
export class RequestLog {
  readonly requests: SimulatorRequest[] = [];
  readonly #max: number;
  readonly #watchers = new Set<{ look(): void; fail(reason: Error): void }>();

  constructor(max: number) {
    this.#max = max;
  }

  add(request: SimulatorRequest): void {
    this.requests.push(request);
    if (this.requests.length > this.#max) this.requests.shift();
    for (const watcher of this.#watchers) watcher.look();
  }

  /** Resolves with the `count`-th kept request that matches, once it arrives. */
  received(match?: SimulatorMatch, count = 1): Promise<SimulatorRequest> {
    return new Promise((resolve, reject) => {
      const watcher = {
        look: () => {
          const found = this.requests.filter((request) => isSelected(request, match))[count - 1];
          if (!found) return;
          this.#watchers.delete(watcher);
          resolve(found);
        },
        fail: reject,
      };
      this.#watchers.add(watcher);
      watcher.look();
    });
  }

  /** Rejects the promises of the callers that are still waiting. */
  close(): void {
    for (const watcher of this.#watchers) watcher.fail(new Error('The simulator was closed before the request arrived'));
    this.#watchers.clear();
  }
}
