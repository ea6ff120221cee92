import type { UpstreamLimit } from './connector.ts';

/** Keeps requests within the budgets that a vendor gives a connection. */
export interface Budget {
  /**
   * Takes one request's place, waiting for it if need be; call what it gives back when the request has ended. `onWait` is told how long
   * a wait for a new window is.
   *
   * @throws {UpstreamError} RATE_LIMITED where the place comes after the deadline, OVERLOADED where too many wait; the signal's reason.
   */
  take(
    key: string,
    limit: UpstreamLimit,
    until: { readonly signal: AbortSignal; readonly deadlineAt: number },
    onWait: (ms: number) => void,
  ): Promise<() => void>;
}
