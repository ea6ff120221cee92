interface VendorLimit {
  readonly most?: number;
  readonly least?: number;
  /** Zendesk's page that states the limit. */
  readonly source: string;
}

const rateLimits = 'https://developer.zendesk.com/api-reference/introduction/rate-limits/';
const pagination = 'https://developer.zendesk.com/api-reference/introduction/pagination/';
const search = 'https://developer.zendesk.com/api-reference/ticketing/ticket-management/search/';
const tokens = 'https://developer.zendesk.com/api-reference/ticketing/oauth/grant_type_tokens/';
const idempotency = 'https://developer.zendesk.com/api-reference/ticketing/introduction/#idempotency';

/** Zendesk's limits, each with its source. A request beyond a limit fails in the sandbox as it does at Zendesk. */
export const limits = {
  /** Per account, on the Enterprise plan. */
  requestsPerMinute: { most: 700, source: rateLimits },
  /** Per ticket and user. */
  ticketUpdatesInTenMinutes: { most: 30, source: rateLimits },
  /** Per account, across all its tickets. */
  ticketUpdatesPerMinute: { most: 100, source: rateLimits },
  /** Per user who is updated. */
  userUpdatesPerMinute: { most: 5, source: rateLimits },
  exportsPerMinute: { most: 100, source: rateLimits },
  /** Records per page with cursor paging. */
  cursorPage: { most: 100, source: pagination },
  /** Records per page with offset paging. Zendesk does not refuse a larger page size, but returns no more records than this. */
  offsetPage: { most: 100, source: pagination },
  /** Records of a list that can be reached by page number. */
  offsetRecords: { most: 10_000, source: pagination },
  /** Results of a search that can be reached by page number. */
  searchResults: { most: 1_000, source: `${search}#results-limit` },
  exportPage: { most: 1_000, source: `${search}#export-search-results` },
  /** Characters of a key. */
  idempotencyKey: { most: 255, source: idempotency },
  /** Hours for which Zendesk remembers a key. */
  idempotencyHours: { most: 2, source: idempotency },
  /** The lifetime of an OAuth token in seconds, as `expires_in`. */
  shortestToken: { least: 300, source: tokens },
  longestToken: { most: 172_800, source: tokens },
} satisfies Readonly<Record<string, VendorLimit>>;
