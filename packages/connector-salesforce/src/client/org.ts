import type { Context } from '@busbar/core';
import { LimitsAnswer, RecordCountAnswer, VersionsAnswer } from '../schemas.ts';
import type { SalesforceApi } from './api.ts';

export const org = ({ send }: SalesforceApi) => ({
  /** Lists the API versions of the org's server, oldest first. */
  listVersions: (context: Context) => send({ method: 'GET', path: '/services/data', response: VersionsAnswer }, context),

  getLimits: (context: Context) => send({ method: 'GET', path: '/services/data/{version}/limits', response: LimitsAnswer }, context),

  countRecords: (objects: readonly string[], context: Context) =>
    send(
      {
        method: 'GET',
        path: '/services/data/{version}/limits/recordCount',
        query: { sObjects: objects.join(',') },
        response: RecordCountAnswer,
      },
      context,
    ),
});
