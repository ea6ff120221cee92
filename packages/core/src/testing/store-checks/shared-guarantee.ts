import { manualClock, type ManualClock } from '../manual-clock.ts';
import type { StoreCheck } from '../store-check.ts';

/** What is under check, fresh and empty. */
export interface OpenedShared<T> {
  readonly one: T;
  /** The same as another replica has it. Absent: one process uses it alone. */
  readonly other?: T;
  close(): Promise<void>;
}

/** Something that replicas share, and what proves its promise. */
export interface SharedGuarantee<T, Settings> {
  readonly name: string;
  readonly settings: Settings;
  prove(one: T, other: T, clock: ManualClock): Promise<void>;
}

/** Makes checks of promises. Each opens its own, which goes by a clock of its own. */
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
