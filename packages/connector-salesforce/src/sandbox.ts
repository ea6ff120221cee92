import type { Clock } from '@busbar/core';
import { startSimulator, vendorClock, type Simulator, type SimulatorHandler } from '@busbar/core/testing';
import { demandShortHead } from './sandbox/demand-short-head.ts';
import { orgObjects } from './sandbox/org-objects.ts';
import { createRecords, type OrgRecord } from './sandbox/org-records.ts';
import { failureBody, notFound, refusal } from './sandbox/refusal.ts';
import { createResources } from './sandbox/resources.ts';
import { seed } from './sandbox/seed.ts';
import { createSignIn } from './sandbox/sign-in.ts';

export type { OrgRecord };

/** Options for the sandbox. All have defaults. */
export interface SalesforceSandboxOptions {
  /** Default 0: any free port. */
  readonly port?: number;
  /** Default `127.0.0.1`. */
  readonly hostname?: string;
  /** The clock for sessions, dates and timestamps. Default: real time. */
  readonly clock?: Clock;
  /** The My Domain of the org. Default `sandbox-org`. */
  readonly myDomain?: string;
  /** Default: `Example Org`. */
  readonly orgName?: string;
  /** The org's limit on API requests in 24 hours. Default 15,000. */
  readonly dailyRequests?: number;
  /** Whether the org has the objects of Revenue Cloud. Default true. */
  readonly revenueCloud?: boolean;
  /** How many of the newest requests the sandbox keeps. Default 1,000. */
  readonly maxRequests?: number;
  /** Default: `consumer-key` and `consumer-secret`. */
  readonly clientId?: string;
  readonly clientSecret?: string;
  /** Default: `refresh-token`. */
  readonly refreshToken?: string;
  /** Also lets this user sign in with the JWT bearer flow. `publicKey` is base64 SPKI. */
  readonly jwt?: { readonly username: string; readonly publicKey: string };
}

/** A Salesforce org on this machine. It starts with a few made-up records, and keeps written records until it is closed. */
export interface SalesforceSandbox extends Simulator {
  /** The settings of a connection to this org. */
  readonly config: { readonly myDomain: string; readonly clientId: string; readonly clientSecret: string };
  /** The host option that redirects the org's traffic to the sandbox. */
  readonly remapOrigins: Readonly<Record<string, string>>;
  /** All records of an object, including deleted records (`IsDeleted`), oldest first. */
  records(object: string): readonly OrgRecord[];
  /** Adds a record without any checks. The record may belong to a setup object, so that a health check finds it. */
  add(object: string, fields: Readonly<Record<string, unknown>>): OrgRecord;
  /** Changes a record without any checks. */
  change(record: OrgRecord, fields: Readonly<Record<string, unknown>>): void;
  /**
   * Denies the user access to an object, to `limits` or to `recordCount`. The default code is INSUFFICIENT_ACCESS. INVALID_TYPE simulates
   * an org that does not have the object.
   */
  refuse(name: string, code?: 'INSUFFICIENT_ACCESS' | 'INVALID_TYPE'): void;
  /** Sets one of the org's limits, which `/limits` returns. */
  setLimit(name: string, max: number, remaining: number): void;
  /** Adds a number to the record count of an object, beyond the records that the sandbox keeps. */
  setRecordCount(object: string, more: number): void;
  /** Ends all sessions, as if they had expired. */
  expireSessions(): void;
}

const versions = ['61.0', '62.0', '63.0', '64.0', '65.0'];

/** Starts a local Salesforce that has the resources that the connector uses and Salesforce's limits, paging, refusals and failures. */
export async function startSalesforceSandbox(options: SalesforceSandboxOptions = {}): Promise<SalesforceSandbox> {
  const { myDomain = 'sandbox-org', orgName = 'Example Org', dailyRequests = 15_000, revenueCloud = true } = options;
  const { clientId = 'consumer-key', clientSecret = 'consumer-secret', refreshToken = 'refresh-token', jwt } = options;
  const clock = vendorClock(options.clock);
  const host = `${myDomain}.my.salesforce.com`;
  const records = createRecords(orgObjects({ revenueCloud }), clock);
  seed(records, clock, { name: orgName, revenueCloud });
  const signIn = createSignIn(clock, host, { clientId, clientSecret, refreshToken, jwt });
  const refusals = new Map<string, string>();
  const recordCounts = new Map<string, number>();
  const limits = new Map([
    ['DataStorageMB', { Max: 1_024, Remaining: 1_000 }],
    ['FileStorageMB', { Max: 1_024, Remaining: 1_010 }],
    ['DailyAsyncApexExecutions', { Max: 250_000, Remaining: 249_000 }],
    ['DailyWorkflowEmails', { Max: 1_000, Remaining: 990 }],
    ['HourlyTimeBasedWorkflow', { Max: 1_000, Remaining: 1_000 }],
    ['DailyStandardVolumePlatformEvents', { Max: 0, Remaining: 0 }],
    ['ActiveScratchOrgs', { Max: 40, Remaining: 30 }],
  ]);
  let used = 0;

  const usageHeader = () => ({ 'sforce-limit-info': `api-usage=${used}/${dailyRequests}` });
  const resourcesOf = new Map(
    versions.map((version) => {
      const base = `/services/data/v${version}`;
      return [`v${version}`, createResources({ records, clock, base, limits, refusals, recordCounts })];
    }),
  );

  const withShortHead =
    (handler: SimulatorHandler): SimulatorHandler =>
    (request) => {
      demandShortHead(request);
      return handler(request);
    };

  const resource = withShortHead((request) => {
    signIn.demandSession(request.headers['authorization']);
    if (used >= dailyRequests) throw refusal(403, 'REQUEST_LIMIT_EXCEEDED', 'TotalRequests Limit exceeded.');
    used += 1;
    limits.set('DailyApiRequests', { Max: dailyRequests, Remaining: dailyRequests - used });
    const [, , , version = '', ...path] = request.path.split('/');
    const resources = resourcesOf.get(version);
    if (!resources) throw notFound();
    const { method, query, body, headers } = request;
    return resources.answer({ method, query, body, headers, path: path.filter(Boolean).map(decodeURIComponent) });
  });

  const base = '/services/data/{version}';
  const paths: readonly (readonly [methods: string, path: string])[] = [
    ['GET', '/query'],
    ['GET', '/query/{locator}'],
    ['GET', '/queryAll'],
    ['GET', '/search'],
    ['GET', '/limits'],
    ['GET', '/limits/recordCount'],
    ['GET', '/sobjects'],
    ['POST', '/sobjects/{object}'],
    ['GET', '/sobjects/{object}/describe'],
    ['GET PATCH DELETE', '/sobjects/{object}/{id}'],
    ['GET PATCH', '/sobjects/{object}/{field}/{value}'],
    ['POST', '/composite'],
    ['POST PATCH DELETE', '/composite/sobjects'],
    ['PATCH', '/composite/sobjects/{object}/{field}'],
    ['GET', '/tooling/query'],
    ['GET', '/tooling/query/{locator}'],
    ['POST', '/tooling/composite'],
  ];

  const simulator = await startSimulator({
    port: options.port,
    hostname: options.hostname,
    maxRequests: options.maxRequests,
    clock,
    headers: ({ path }) => (path.startsWith('/services/data/') ? usageHeader() : {}),
    failure: failureBody,
    routes: {
      'POST /services/oauth2/token': withShortHead(async ({ body }) => ({ body: await signIn.issueToken(body) })),
      // Open without a session.
      'GET /services/data': withShortHead(() => ({
        body: versions.map((version) => ({ label: `Version ${version}`, url: `/services/data/v${version}`, version })),
      })),
      ...Object.fromEntries(
        paths.flatMap(([methods, path]) => methods.split(' ').map((method) => [`${method} ${base}${path}`, resource] as const)),
      ),
    },
  });

  return {
    ...simulator,
    config: { myDomain, clientId, clientSecret },
    remapOrigins: { [`https://${host}`]: simulator.url },
    records: records.all,
    add: records.add,
    change: records.change,
    refuse: (name, code = 'INSUFFICIENT_ACCESS') => void refusals.set(name, code),
    setLimit: (name, Max, Remaining) => void limits.set(name, { Max, Remaining }),
    setRecordCount: (object, more) => void recordCounts.set(object, more),
    expireSessions: signIn.expireSessions,
  };
}
