import type { Metering } from '../../ports/metering.ts';
import type { UsagePolicy } from '../../billing/quota.ts';
import type { StoreCheck } from '../store-check.ts';
import { meteringClaimGuarantees } from './metering-claim-guarantees.ts';
import { meteringQuotaGuarantees } from './metering-quota-guarantees.ts';
import { meteringRecordGuarantees } from './metering-record-guarantees.ts';
import { meteringDuplicateGuarantees } from './metering-duplicate-guarantees.ts';

/** A metering under check. */
export interface OpenedMetering {
  readonly metering: Metering;
  /** Another handle on the same data, as another replica has. Absent: the metering is used by one process alone. */
  readonly second?: Metering;
  close(): Promise<void>;
}

/**
 * What `Metering` promises, as checks. Each check opens a metering of its own and makes its calls for a tenant of its own, so that the
 * opened ones may share their data; it goes by the policy that the check gives. The clock must run: a metering may look for a twin now and then.
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
