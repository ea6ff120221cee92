/** What Salesforce takes at most, and where it says so. A request beyond one of these fails here as it would there. */
export const vendorLimits = {
  /** REST API Developer Guide, Composite: subrequests in one call. */
  compositeRequests: 25,
  /** The same: queries, and collections, among them. */
  compositeQueries: 5,
  /** REST API Developer Guide, sObject Collections: records in one call. */
  collectionRecords: 200,
  /** REST API Developer Guide, Query Options Header: records in a page. */
  minBatch: 200,
  maxBatch: 2_000,
  /** SOSL Reference, RETURNING: objects that one search may name. */
  searchObjects: 20,
} as const;
