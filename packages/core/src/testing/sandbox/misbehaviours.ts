import { isSelected, type SimulatorMatch, type SimulatorRequest } from './simulator-request.ts';
import type { SimulatorAnswer } from './simulator-wire.ts';
import type { VendorClock } from './vendor-clock.ts';

/**
 * How the vendor misbehaves:
 * - `status`: answers with the status and performs nothing. Without `body`, the answer has the vendor's usual body for that status. With
 *   `''`, it has no body. For a burst of 429s, set `times`.
 * - `expire`: expires the token in the request's `Authorization` header during the call. Answers this request and all others that carry the
 *   token with 401 until `recover`. Skips requests without that header.
 * - `html`: answers with the error page of a proxy in front of the vendor (default status: 502). Performs nothing.
 * - `reset`: resets the connection and performs nothing.
 * - `lose`: performs the request, then resets the connection, so that the answer is lost.
 * - `truncate`: performs the request, then breaks off in the middle of the answer's body.
 * - `hang`: does not answer until `recover`. Performs the request only then, and only if the client is still connected.
 * - `slow`: waits `ms` milliseconds of the clock's time, then performs the request.
 * - `change`: performs the request, then sends the answer that `change` returns.
 * - `skew`: sets the vendor's clock, and so the `Date` of its answers, `ms` milliseconds ahead of ours until `recover`. A negative `ms`
 *   sets it behind.
 */
export type Misbehaviour = RequestFault | { readonly kind: 'skew'; readonly ms: number };

/** A misbehaviour that affects single requests. */
export type RequestFault = {
  /** The requests that it affects. Default: every request. */
  readonly match?: SimulatorMatch;
  /** How many requests it affects. Default 1. */
  readonly times?: number;
} & (
  | {
      readonly kind: 'status';
      readonly status: number;
      readonly headers?: Readonly<Record<string, string>>;
      readonly body?: unknown;
    }
  | { readonly kind: 'html'; readonly status?: number }
  | { readonly kind: 'expire' | 'reset' | 'lose' | 'truncate' | 'hang' }
  | { readonly kind: 'slow'; readonly ms: number }
  | { readonly kind: 'change'; change(answer: SimulatorAnswer, request: SimulatorRequest): SimulatorAnswer }
);

const maxWaiting = 100;
const maxExpired = 100;

/** The misbehaviours of a vendor: faults that wait for a request, and faults that last until the vendor recovers. */
export class Misbehaviours {
  readonly #clock: VendorClock;
  readonly #waiting: { readonly fault: RequestFault; left: number }[] = [];
  readonly #expired = new Set<string>();
  readonly #hanging = new Set<() => void>();

  constructor(clock: VendorClock) {
    this.#clock = clock;
  }

  add(misbehaviour: Misbehaviour): void {
    if (misbehaviour.kind === 'skew') {
      this.#clock.skewMs = misbehaviour.ms;
      return;
    }
    if (this.#waiting.length >= maxWaiting) throw new RangeError(`At most ${maxWaiting} misbehaviours can wait`);
    this.#waiting.push({ fault: misbehaviour, left: misbehaviour.times ?? 1 });
  }

  /** Takes the first waiting fault that affects a request. */
  take(request: SimulatorRequest): RequestFault | undefined {
    const index = this.#waiting.findIndex(
      ({ fault }) => isSelected(request, fault.match) && (fault.kind !== 'expire' || request.headers['authorization'] !== undefined),
    );
    const next = this.#waiting[index];
    if (!next) return undefined;
    next.left -= 1;
    if (next.left <= 0) this.#waiting.splice(index, 1);
    if (next.fault.kind === 'expire') this.#expire(request.headers['authorization'] ?? '');
    return next.fault;
  }

  hasExpired({ headers }: SimulatorRequest): boolean {
    return this.#expired.has(headers['authorization'] ?? '');
  }

  /** Resolves when the vendor recovers, or when the signal aborts. */
  hang(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      this.#hanging.add(resolve);
      signal.addEventListener('abort', () => {
        this.#hanging.delete(resolve);
        resolve();
      });
    });
  }

  recover(): void {
    this.#waiting.length = 0;
    this.#expired.clear();
    this.#clock.skewMs = 0;
    for (const proceed of this.#hanging) proceed();
    this.#hanging.clear();
  }

  #expire(token: string): void {
    this.#expired.add(token);
    if (this.#expired.size > maxExpired) for (const oldest of this.#expired.values().take(1)) this.#expired.delete(oldest);
  }
}
