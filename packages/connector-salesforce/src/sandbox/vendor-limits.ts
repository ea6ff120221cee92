interface VendorLimit {
  readonly most?: number;
  readonly least?: number;
  /** The page of Salesforce's documentation that states the limit. */
  readonly source: string;
}

const rest = 'https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest';

/** Salesforce's limits, each with its source. A request beyond a limit fails in the sandbox as it would at Salesforce. */
export const vendorLimits = {
  /** Requests in one composite. */
  compositeRequests: { most: 25, source: `${rest}/resources_composite_composite.htm` },
  /** Queries and collections in one composite. */
  compositeQueries: { most: 5, source: `${rest}/resources_composite_composite.htm` },
  /** Records in one collection. */
  collectionRecords: { most: 200, source: `${rest}/resources_composite_sobjects_collections.htm` },
  /** Records per page. Salesforce does not refuse a size outside these limits, but uses the nearest limit. */
  smallestBatch: { least: 200, source: `${rest}/headers_queryoptions.htm` },
  largestBatch: { most: 2_000, source: `${rest}/headers_queryoptions.htm` },
  /** Objects that one search may name. */
  searchObjects: {
    most: 20,
    source: 'https://developer.salesforce.com/docs/atlas.en-us.soql_sosl.meta/soql_sosl/sforce_api_calls_sosl_returning.htm',
  },
  /** Bytes of URI and headers together. */
  headBytes: { most: 16_384, source: 'https://help.salesforce.com/s/articleView?id=000386264&type=1' },
  /** Minutes until a JWT bearer assertion expires. */
  assertionMinutes: { most: 3, source: 'https://help.salesforce.com/s/articleView?id=xcloud.remoteaccess_oauth_jwt_flow.htm&type=5' },
} satisfies Readonly<Record<string, VendorLimit>>;
