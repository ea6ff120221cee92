import { manualClock, type ManualClock } from '../manual-clock.ts';
import type { OpenedStore, StoreCheck } from '../store-check.ts';

/** A guarantee of a store that replicas share, and its check. */
export interface SharedGuarantee<T, Settings> {
  readonly name: string;
  readonly settings: Settings;
  prove(first: T, second: T, clock: ManualClock): Promise<void>;
}

/** Turns guarantees into checks. Each check opens its own store, with its own clock. */
export function sharedChecks<T, Settings>(
  guarantees: readonly SharedGuarantee<T, Settings>[],
  open: (settings: Settings, clock: ManualClock) => Promise<OpenedStore<T>>,
): readonly StoreCheck[] {
  return guarantees.map(({ name, settings, prove }) => ({
    name,
    async run() {
      const clock = manualClock();
      const { first, second, close } = await open(settings, clock);
      try {
        await prove(first, second ?? first, clock);
      } finally {
        await close();
      }
    },
  }));
}
