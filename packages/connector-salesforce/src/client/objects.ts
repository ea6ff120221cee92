import type { Context } from '@busbar/core';
import { DescribeAnswer, ObjectsAnswer } from '../schemas.ts';
import type { SalesforceApi } from './api.ts';

export const objects = ({ send }: SalesforceApi) => ({
  listObjects: (context: Context) => send(context, { method: 'GET', path: '/services/data/{version}/sobjects', response: ObjectsAnswer }),

  describeObject: (context: Context, object: string) =>
    send(context, {
      method: 'GET',
      path: '/services/data/{version}/sobjects/{object}/describe',
      params: { object },
      response: DescribeAnswer,
    }),
});
