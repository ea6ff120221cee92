import type { CallContext } from '@busbar/core';
import type { SalesforceClient } from '../client.ts';
import { gather, isRefused, type Gathered } from './gather.ts';
import type { Finding, OrgCheck, Row, Rows } from './org-check.ts';
import { organization } from './organization.ts';

/** How a check ended. */
export interface CheckResult extends Finding {
  readonly check: OrgCheck;
  /** What the connection's user lacks, where that is why it is unknown. */
  readonly missingPermission?: string | undefined;
}

/** The checks' results in their order, and what there is to say beside them. */
export interface ChecksRun {
  readonly results: readonly CheckResult[];
  /** The org's own record, if it is shown. */
  readonly org: Row | undefined;
  readonly apiCalls: number;
}

const maxCalls = 20;
/** How Salesforce says that a right is missing: openly, or as if there were no such thing. */
const denying = /^(FORBIDDEN|INSUFFICIENT_|API_DISABLED|API_CURRENTLY_DISABLED|HTTP 403)/;
const hiding = /^(INVALID_TYPE|INVALID_FIELD|NOT_FOUND|HTTP 404)$/;

/** Runs checks in at most 20 API calls. @throws {ToolError} where nothing at all could be read. */
export async function runChecks(client: SalesforceClient, context: CallContext, checks: readonly OrgCheck[]): Promise<ChecksRun> {
  const gathered = await gather(client, context, [organization, ...checks.flatMap(({ sources }) => sources)], maxCalls);
  const org = gathered.of(organization);
  return {
    results: checks.map((check) => resultOf(check, gathered, client.clock.now())),
    org: org && !isRefused(org) ? org.rows[0] : undefined,
    apiCalls: gathered.apiCalls,
  };
}

function resultOf(check: OrgCheck, gathered: Gathered, nowMs: number): CheckResult {
  const given: Rows[] = [];
  for (const source of check.sources) {
    const one = gathered.of(source) ?? { code: 'NOT_READ', message: 'It was not read.' };
    if (!isRefused(one)) {
      given.push(one);
      continue;
    }
    const absent = hiding.test(one.code);
    return {
      check,
      status: 'unknown',
      evidence: `${absent ? 'The org has this not, or hides it from the connection’s user' : 'Salesforce did not show it'}: ${one.code}: ${one.message.slice(0, 200)}`,
      // What failed for another reason no permission would mend.
      ...((absent || denying.test(one.code)) && { missingPermission: check.permission }),
    };
  }
  const finding = check.judge(given, nowMs);
  // What was not read could hold the fault: a pass is no pass then.
  const cut = check.sources.findIndex((source, index) => source.kind === 'query' && source.all && given[index]?.whole === false);
  if (cut < 0) return { check, ...finding };
  const evidence = `${finding.evidence} Only ${given[cut]?.rows.length} of ${given[cut]?.total} rows were looked at.`;
  return { check, ...finding, evidence, status: finding.status === 'pass' ? 'unknown' : finding.status };
}
