import type { Clock, Http } from '@busbar/core';
import { createApi } from './client/api.ts';
import { collections } from './client/collections.ts';
import { objects } from './client/objects.ts';
import { org } from './client/org.ts';
import { queries } from './client/queries.ts';
import { records } from './client/records.ts';
import { search } from './client/search.ts';

/** Creates the client of one org: the part of Salesforce's API that the tools use, one file per resource. */
export function createClient(http: Http, clock: Clock, myDomain: string, version: string) {
  const host = `${myDomain}.my.salesforce.com`;
  const api = createApi(http, version);
  return {
    host,
    clock,
    /** The API version that requests are pinned to, such as `v64.0`. */
    version,
    /** Returns the address at which a person opens a record. */
    recordUrl: (id: string) => `https://${host}/${id}`,
    ...queries(api),
    ...search(api),
    ...records(api),
    ...collections(api),
    ...objects(api),
    ...org(api),
  };
}

/** The value that {@link createClient} returns. */
export type SalesforceClient = ReturnType<typeof createClient>;
