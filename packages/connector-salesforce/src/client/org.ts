import type { Context } from '@busbar/core';
import { LimitsAnswer, RecordCountAnswer, VersionsAnswer } from '../schemas.ts';
import type { SalesforceApi } from './api.ts';

export const org = ({ send }: SalesforceApi) => ({
  /** Lists the API versions of the org's server, oldest first. */
  listVersions: (context: Context) => send(context, { method: 'GET', path: '/services/data', response: VersionsAnswer }),

  getLimits: (context: Context) => send(context, { method: 'GET', path: '/services/data/{version}/limits', response: LimitsAnswer }),

  countRecords: (context: Context, objects: readonly string[]) =>
    send(context, {
      method: 'GET',
      path: '/services/data/{version}/limits/recordCount',
      query: { sObjects: objects.join(',') },
      response: RecordCountAnswer,
    }),
});
