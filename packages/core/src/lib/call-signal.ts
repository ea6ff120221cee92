/** As much of an `AbortSignal` as a call listens to, once. Transports that make one for each call can do with less than a whole one. */
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
