import type { CallContext } from '@busbar/core';
import type { SalesforceClient } from '../client.ts';
import { gather, isRefused, type Gathered } from './gather.ts';
import type { Finding, OrgCheck, Row, Rows } from './org-check.ts';
import { organization } from './organization.ts';

/** The result of a check. */
export interface CheckResult extends Finding {
  readonly check: OrgCheck;
  /** The permission that the connection's user lacks, if that is why the check is unknown. */
  readonly missingPermission?: string | undefined;
}

/** The result of each check, in the order of the checks, and facts for the report. */
export interface ChecksRun {
  readonly results: readonly CheckResult[];
  /** The org's own record, if it could be read. */
  readonly org: Row | undefined;
  readonly apiCalls: number;
}

const maxCalls = 20;
/** Codes of a missing right. Salesforce reports the missing right, or answers as if the object did not exist. */
const denying = /^(FORBIDDEN|INSUFFICIENT_|API_DISABLED|API_CURRENTLY_DISABLED|HTTP 403)/;
const hiding = /^(INVALID_TYPE|INVALID_FIELD|NOT_FOUND|HTTP 404)$/;

/** Runs checks in at most 20 API calls. @throws {ToolError} if no source could be read. */
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
  const readings: Rows[] = [];
  for (const source of check.sources) {
    const result = gathered.of(source) ?? { code: 'NOT_READ', message: 'It was not read.' };
    if (!isRefused(result)) {
      readings.push(result);
      continue;
    }
    const absent = hiding.test(result.code);
    return {
      check,
      status: 'unknown',
      evidence: `${absent ? 'The org does not have this, or hides it from the connection’s user' : 'Salesforce did not show it'}: ${result.code}: ${result.message.slice(0, 200)}`,
      // A permission would not help against any other failure.
      ...((absent || denying.test(result.code)) && { missingPermission: check.permission }),
    };
  }
  const finding = check.judge(readings, nowMs);
  // The problem may be in the rows that were not read, so the check has not passed.
  const cut = check.sources.findIndex((source, index) => source.kind === 'query' && source.all && readings[index]?.whole === false);
  if (cut < 0) return { check, ...finding };
  const evidence = `${finding.evidence} Only ${readings[cut]?.rows.length} of ${readings[cut]?.total} rows were looked at.`;
  return { check, ...finding, evidence, status: finding.status === 'pass' ? 'unknown' : finding.status };
}
