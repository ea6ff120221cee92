interface VendorLimit {
  readonly most?: number;
  readonly least?: number;
  /** Zendesk's page that says so. */
  readonly source: string;
}

const rateLimits = 'https://developer.zendesk.com/api-reference/introduction/rate-limits/';
const pagination = 'https://developer.zendesk.com/api-reference/introduction/pagination/';
const search = 'https://developer.zendesk.com/api-reference/ticketing/ticket-management/search/';
const tokens = 'https://developer.zendesk.com/api-reference/ticketing/oauth/grant_type_tokens/';
const idempotency = 'https://developer.zendesk.com/api-reference/ticketing/introduction/#idempotency';

/** What Zendesk allows, and where it says so. What goes beyond one of these fails in the sandbox as it would there. */
export const limits = {
  /** Of the account, on the Enterprise plan. */
  requestsPerMinute: { most: 700, source: rateLimits },
  /** Of one ticket, by one user. */
  ticketUpdatesInTenMinutes: { most: 30, source: rateLimits },
  /** Of all tickets of the account. */
  ticketUpdatesPerMinute: { most: 100, source: rateLimits },
  /** Of one user. */
  userUpdatesPerMinute: { most: 5, source: rateLimits },
  exportsPerMinute: { most: 100, source: rateLimits },
  /** Records, by cursor. */
  cursorPage: { most: 100, source: pagination },
  /** Records, by page number: more are not refused, but not given either. */
  offsetPage: { most: 100, source: pagination },
  /** Records that page numbers reach, in a list. */
  offsetRecords: { most: 10_000, source: pagination },
  /** Results that page numbers reach. */
  searchResults: { most: 1_000, source: `${search}#results-limit` },
  exportPage: { most: 1_000, source: `${search}#export-search-results` },
  /** Characters. */
  idempotencyKey: { most: 255, source: idempotency },
  /** For which a key is remembered. */
  idempotencyHours: { most: 2, source: idempotency },
  /** Of an OAuth token's life, as `expires_in`. */
  shortestToken: { least: 300, source: tokens },
  longestToken: { most: 172_800, source: tokens },
} satisfies Readonly<Record<string, VendorLimit>>;
