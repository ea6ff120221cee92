import type { Context } from '@busbar/core';
import { SearchAnswer } from '../schemas.ts';
import type { SalesforceApi } from './api.ts';
import { fitUrl } from './fit-url.ts';

export const search = ({ send }: SalesforceApi) => ({
  search: (sosl: string, context: Context) =>
    send({ method: 'GET', path: '/services/data/{version}/search', query: { q: fitUrl(sosl) }, response: SearchAnswer }, context),
});
