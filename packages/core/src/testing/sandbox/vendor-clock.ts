import { systemClock, type Clock } from '../../clock.ts';

/** The clock of a vendor, which may differ from ours. */
export interface VendorClock extends Clock {
  /** How far it is ahead of the underlying clock. Negative: behind. Its sleeps have the same length as that clock's. */
  skewMs: number;
}

/**
 * Creates the clock of a sandbox: for its tokens, limits and timestamps, and for its simulator, whose misbehaviour `skew` shifts it.
 * Returns a clock that is already a vendor's unchanged. Default: real time.
 */
export function vendorClock(clock: Clock = systemClock): VendorClock {
  if (isVendorClock(clock)) return clock;
  const skewed: VendorClock = {
    skewMs: 0,
    now: () => clock.now() + skewed.skewMs,
    sleep: (ms, signal) => clock.sleep(ms, signal),
    timer: (ms, fire) => clock.timer(ms, fire),
  };
  return skewed;
}

const isVendorClock = (clock: Clock): clock is VendorClock => 'skewMs' in clock;
