import { systemClock, type Clock } from '../../clock.ts';

/** A vendor's clock, which may differ from ours. */
export interface VendorClock extends Clock {
  /** How many milliseconds this clock is ahead of the underlying clock. Negative: behind. Sleeps take the same time on both clocks. */
  skewMs: number;
}

/**
 * Creates the clock of a sandbox, for its tokens, limits, timestamps and simulator. The simulator's misbehaviour `skew` shifts the clock. A
 * clock that is already a vendor's clock is returned unchanged. Default: real time.
 */
export function vendorClock(clock: Clock = systemClock): VendorClock {
  if (isVendorClock(clock)) return clock;
  const skewed: VendorClock = {
    skewMs: 0,
    now: () => clock.now() + skewed.skewMs,
    elapsed: () => clock.elapsed(),
    sleep: (ms, signal) => clock.sleep(ms, signal),
    timer: (ms, fire) => clock.timer(ms, fire),
  };
  return skewed;
}

const isVendorClock = (clock: Clock): clock is VendorClock => 'skewMs' in clock;
