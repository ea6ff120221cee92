import type { Metering } from '../../ports/metering.ts';
import type { UsagePolicy } from '../../billing/quota.ts';
import type { StoreCheck } from '../store-check.ts';
import { meteringClaimGuarantees } from './metering-claim-guarantees.ts';
import { meteringQuotaGuarantees } from './metering-quota-guarantees.ts';
import { meteringRecordGuarantees } from './metering-record-guarantees.ts';
import { meteringDuplicateGuarantees } from './metering-duplicate-guarantees.ts';

/** A metering that a check opened. */
export interface OpenedMetering {
  readonly metering: Metering;
  /** Another handle on the same data, as another replica has. Absent: only one process uses the metering. */
  readonly second?: Metering;
  close(): Promise<void>;
}

/**
 * Returns the guarantees of `Metering` as checks. `open` creates a metering with the given policy. Each check opens its own and makes its
 * calls for its own tenant, so opened meterings may share their data. The clock must run, since a metering may poll for duplicate calls.
 */
export function meteringChecks(open: (policy: UsagePolicy) => Promise<OpenedMetering>): readonly StoreCheck[] {
  return [...meteringClaimGuarantees, ...meteringDuplicateGuarantees, ...meteringQuotaGuarantees, ...meteringRecordGuarantees].map(
    ({ name, policy = {}, prove }) => ({
      name,
      async run() {
        const { metering, second, close } = await open(policy);
        try {
          await prove(metering, second ?? metering);
        } finally {
          await close();
        }
      },
    }),
  );
}
