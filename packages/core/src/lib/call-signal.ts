/**
 * The part of `AbortSignal` that the host uses of a client's signal. Transports may pass a cheaper object:
 * docs/decisions/0011-lazy-allocation.md.
 */
export interface ClientSignal {
  readonly aborted: boolean;
  addEventListener(type: 'abort', listener: () => void): void;
  removeEventListener(type: 'abort', listener: () => void): void;
}

/**
 * As much of an `AbortSignal` as those who run a call look at. Making a whole one takes as long as a good part of a short call, so one is
 * made where somebody listens. Any `AbortSignal` fits.
 */
export interface CallSignal extends ClientSignal {
  readonly reason: unknown;
  /** @throws {@link reason}, where it has aborted. */
  throwIfAborted(): void;
}
