import { systemClock, type Clock } from '../../clock.ts';

/** The clock of a vendor, which need not agree with ours. */
export interface VendorClock extends Clock {
  /** How far it is ahead of the clock behind it; behind where negative. Its sleeps are as long as that clock's. */
  skewMs: number;
}

/**
 * Makes the clock that a sandbox goes by: for its tokens, limits and timestamps, and for its simulator, whose misbehaviour `skew` sets it
 * wrong. A clock that is a vendor's already is given back as it is. Default: real time.
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
