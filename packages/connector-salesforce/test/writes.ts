import type { Write } from '../../../test/lost-answers.ts';
import type { SalesforceSandbox } from '../src/sandbox.ts';
import { route } from './start-org.ts';

/** Adds a record that no other write touches. */
const account = (sandbox: SalesforceSandbox) => sandbox.add('Account', { Name: 'Target' }).Id;
const fields = { Name: 'Nine', Rating: 'Hot' };
const upsert = { object: 'Account', externalIdField: 'Erp_Id__c' };

/** Every write of the connector's tools, and whether it may be repeated: Salesforce counts only upserts by an external id once. */
export const writes: readonly Write<SalesforceSandbox>[] = [
  {
    tool: 'salesforce_create_record',
    route: route('POST', '/sobjects/{object}'),
    retry: 'never',
    look: 'Look for the new Account with salesforce_query_records (ORDER BY CreatedDate DESC)',
    input: () => ({ object: 'Account', fields: { Name: 'A' } }),
  },
  ...[
    { way: 'unconditional', more: {} },
    { way: 'if unmodified', more: { ifUnmodifiedSince: '2100-01-01T00:00:00Z' } },
  ].map(({ way, more }): Write<SalesforceSandbox> => ({
    tool: 'salesforce_update_record',
    way,
    route: route('PATCH', '/sobjects/{object}/{id}'),
    retry: 'never',
    look: 'with salesforce_get_record and update it again only if it is not yet as you want it',
    input: (sandbox) => ({ object: 'Account', id: account(sandbox), fields, ...more }),
  })),
  {
    tool: 'salesforce_upsert_record',
    route: route('PATCH', '/sobjects/{object}/{field}/{value}'),
    retry: 'safe',
    look: 'The same upsert can be repeated safely',
    input: () => ({ ...upsert, externalId: 'E-9', fields }),
  },
  {
    tool: 'salesforce_delete_record',
    route: route('DELETE', '/sobjects/{object}/{id}'),
    retry: 'never',
    look: 'with salesforce_get_record: NOT_FOUND means that it is deleted',
    input: (sandbox) => ({ object: 'Account', id: account(sandbox) }),
  },
  ...[false, true].flatMap((allOrNone): Write<SalesforceSandbox>[] => {
    const way = allOrNone ? 'all or none' : 'row by row';
    return [
      {
        tool: 'salesforce_create_records',
        way,
        route: route('POST', '/composite/sobjects'),
        retry: 'never',
        look: 'look for them with salesforce_query_records (ORDER BY CreatedDate DESC) before you create any again',
        input: () => ({ allOrNone, records: [{ object: 'Account', fields: { Name: 'A' } }] }),
      },
      {
        tool: 'salesforce_update_records',
        way,
        route: route('PATCH', '/composite/sobjects'),
        retry: 'never',
        look: 'read the records with salesforce_query_records and update again only those that are not yet as you want them',
        input: (sandbox) => ({ allOrNone, records: [{ object: 'Account', id: account(sandbox), fields }] }),
      },
      {
        tool: 'salesforce_upsert_records',
        way,
        route: route('PATCH', '/composite/sobjects/{object}/{field}'),
        retry: 'safe',
        look: 'The same upsert can be repeated safely',
        input: () => ({ ...upsert, allOrNone, records: [{ Erp_Id__c: 'E-9', ...fields }] }),
      },
      {
        tool: 'salesforce_delete_records',
        way,
        route: route('DELETE', '/composite/sobjects'),
        retry: 'never',
        look: 'look for them by Id with salesforce_query_records before you delete any again',
        input: (sandbox) => ({ allOrNone, ids: [account(sandbox)] }),
      },
    ];
  }),
];
