import { truncate, type CallContext } from '@busbar/core';
import type { SalesforceClient } from '../client.ts';
import { gather, isRefused, type Gathered, type Refused } from './gather.ts';
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
const maxMessage = 200;
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
    if (isRefused(result)) return unreadBecause(check, result);
    if (check.alwaysHasRows && result.rows.length === 0)
      return {
        check,
        unread: true,
        status: 'unknown',
        evidence: 'Salesforce showed no rows, and every org has some, so the connection’s user may not see them.',
        missingPermission: check.permission,
      };
    readings.push(result);
  }
  const finding = check.judge(readings, nowMs);
  const cut = check.sources.findIndex((source, index) => source.kind === 'query' && source.all && readings[index]?.whole === false);
  if (cut < 0) return { check, ...finding };
  const evidence = `${finding.evidence} Only ${readings[cut]?.rows.length} of ${readings[cut]?.total} rows were looked at.`;
  // The problem may be in the rows that were not read, so the check has not passed.
  return finding.status === 'pass' ? { check, ...finding, evidence, status: 'unknown', unread: true } : { check, ...finding, evidence };
}

function unreadBecause(check: OrgCheck, { code, message }: Refused): CheckResult {
  const absent = hiding.test(code);
  return {
    check,
    unread: true,
    status: 'unknown',
    evidence: `${absent ? 'The org does not have this, or hides it from the connection’s user' : 'Salesforce did not show it'}: ${code}: ${truncate(message, maxMessage)}`,
    // A permission would not help against any other failure.
    ...((absent || denying.test(code)) && { missingPermission: check.permission }),
  };
}
