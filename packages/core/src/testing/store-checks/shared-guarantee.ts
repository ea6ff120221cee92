import { manualClock, type ManualClock } from '../manual-clock.ts';
import type { StoreCheck } from '../store-check.ts';

/** A fresh and empty store that replicas share. */
export interface OpenedShared<T> {
  readonly one: T;
  /** Another handle on the same data, as another replica has. Absent: only one process uses the store. */
  readonly other?: T;
  close(): Promise<void>;
}

/** A guarantee of a store that replicas share, and its proof. */
export interface SharedGuarantee<T, Settings> {
  readonly name: string;
  readonly settings: Settings;
  prove(one: T, other: T, clock: ManualClock): Promise<void>;
}

/** Makes checks of guarantees. Each opens its own store, with its own clock. */
export function sharedChecks<T, Settings>(
  guarantees: readonly SharedGuarantee<T, Settings>[],
  open: (settings: Settings, clock: ManualClock) => Promise<OpenedShared<T>>,
): readonly StoreCheck[] {
  return guarantees.map(({ name, settings, prove }) => ({
    name,
    async run() {
      const clock = manualClock();
      const { one, other, close } = await open(settings, clock);
      try {
        await prove(one, other ?? one, clock);
      } finally {
        await close();
      }
    },
  }));
}
