import { orgHealthCategories } from '../src/health/org-health.ts';
import { revenueCloudCategories } from '../src/health/revenue-cloud.ts';
import type { SalesforceSandbox } from '../src/sandbox.ts';

type Call = <T = Record<string, any>>(tool: string, args: object) => Promise<T>;

/** Calls the tools with every kind of input, so that they send every kind of request. */
export async function makeEveryCall(sandbox: SalesforceSandbox, call: Call): Promise<void> {
  const [account, contact] = [sandbox.records('Account')[0]?.Id, sandbox.records('Contact')[0]?.Id];
  for (let index = 0; index < 250; index += 1) sandbox.add('Case', { Subject: 'Bulk' });
  const page = await call('salesforce_query_records', { soql: 'SELECT Id FROM Case', limit: 200 });
  await call('salesforce_query_records', { cursor: page['nextCursor'] });
  await call('salesforce_query_records', { soql: 'SELECT Id FROM Case LIMIT 1', includeDeleted: true });
  await call('salesforce_query_records', { soql: 'SELECT Id FROM Account WHERE Name = :name', values: { name: 'A & B+C?' } });

  const objects = [{ name: 'Account', fields: ['Name'] }, { name: 'Contact' }];
  for (const scope of ['all', 'name', 'email', 'phone'])
    await call('salesforce_search_records', { text: 'sample', scope, objects, limit: 5 });
  await call('salesforce_get_record', { object: 'Account', id: account, fields: ['Name'] });
  await call('salesforce_get_record', { object: 'Account', externalIdField: 'Erp_Id__c', externalId: 'E-1', fields: ['Name'] });

  const fields = { Name: 'A', Industry: 'Banking', Rating: 'Hot', AnnualRevenue: 12.5, NumberOfEmployees: 3 };
  const upsert = { object: 'Account', externalIdField: 'Erp_Id__c' };
  await call('salesforce_create_record', { object: 'Account', fields });
  await call('salesforce_update_record', { object: 'Account', id: account, fields, ifUnmodifiedSince: new Date().toISOString() });
  await call('salesforce_upsert_record', { ...upsert, externalId: 'E-9', fields });
  for (const allOrNone of [false, true]) {
    const rows = [
      { object: 'Account', fields },
      { object: 'Contact', fields: { LastName: 'B' } },
    ];
    await call('salesforce_create_records', { records: rows, allOrNone });
    await call('salesforce_update_records', { records: [{ object: 'Account', id: account, fields }], allOrNone });
    await call('salesforce_upsert_records', { ...upsert, records: [{ ...fields, Erp_Id__c: 'E-9' }], allOrNone });
    await call('salesforce_delete_records', { ids: [sandbox.add('Account', { Name: 'Target' }).Id, contact], allOrNone });
  }
  await call('salesforce_delete_record', { object: 'Account', id: account });

  for (const tool of ['salesforce_list_objects', 'salesforce_describe_object']) {
    const input = tool === 'salesforce_describe_object' ? { object: 'Account' } : {};
    const { nextCursor } = await call(tool, { ...input, limit: 2 });
    await call(tool, { ...input, limit: 2, cursor: nextCursor });
    await call(tool, { ...input, search: 'a' });
  }
  await call('salesforce_list_objects', { customOnly: true });
  await call('salesforce_describe_object', { object: 'Account', writableOnly: true, detail: 'full' });
  await call('salesforce_get_org', {});
  await call('salesforce_get_limits', { names: ['DataStorageMB'] });
  for (const detail of ['summary', 'full']) await call('salesforce_get_limits', { detail });

  await call('salesforce_org_health_check', { categories: orgHealthCategories, detail: 'full' });
  for (const detail of ['summary', 'full'])
    await call('salesforce_revenue_cloud_health_check', { categories: revenueCloudCategories, detail });
  // More rows than a page holds, so that the check reads further pages from both APIs.
  for (let index = 0; index < 2_001; index += 1) {
    sandbox.add('ReleaseUpdate', { Title: 'Late', NumSteps: 1, NumCompSteps: 0 });
    sandbox.add('ConnectedApplication', { Name: 'App', OptionsAllowAdminApprovedUsersOnly: true });
  }
  await call('salesforce_org_health_check', { categories: ['security', 'platform'], detail: 'summary' });
}
