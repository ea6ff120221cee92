import type { Context } from '@busbar/core';
import { DescribeAnswer, ObjectsAnswer } from '../schemas.ts';
import type { SalesforceApi } from './api.ts';

export const objects = ({ send }: SalesforceApi) => ({
  listObjects: (context: Context) => send({ method: 'GET', path: '/services/data/{version}/sobjects', response: ObjectsAnswer }, context),

  describeObject: (object: string, context: Context) =>
    send(
      {
        method: 'GET',
        path: '/services/data/{version}/sobjects/{object}/describe',
        params: { object },
        response: DescribeAnswer,
      },
      context,
    ),
});
