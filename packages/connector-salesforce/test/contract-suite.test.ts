import { connectorChecks } from '@busbar/core/testing';
import { describe, expect, test } from 'vitest';
import { salesforce } from '../src/index.ts';
import { startSalesforceSandbox } from '../src/sandbox.ts';

// The first records of a new sandbox, whose ids are always the same.
const seeded = await startSalesforceSandbox();
const [account, contact] = [seeded.records('Account')[0]?.Id, seeded.records('Contact')[0]?.Id];
await seeded.close();

const checks = connectorChecks(salesforce, {
  folder: new URL('..', import.meta.url),
  sandbox: ({ canary }) => startSalesforceSandbox({ clientSecret: canary }),
  examples: {
    salesforce_query_records: {
      soql: 'SELECT Id, Name, Owner.Name FROM Account WHERE Industry = :industry',
      values: { industry: 'Retail' },
    },
    salesforce_search_records: { text: 'sample', objects: [{ name: 'Account', fields: ['Name'] }, { name: 'Contact' }] },
    salesforce_get_record: { object: 'Account', id: account, fields: ['Name', 'Industry'] },
    salesforce_create_record: { object: 'Account', fields: { Name: 'Newcomer' } },
    salesforce_update_record: { object: 'Account', id: account, fields: { Rating: 'Hot' } },
    salesforce_upsert_record: { object: 'Account', externalIdField: 'Erp_Id__c', externalId: 'E-9', fields: { Name: 'Nine' } },
    salesforce_delete_record: { object: 'Contact', id: contact },
    salesforce_create_records: { records: [{ object: 'Account', fields: { Name: 'One' } }] },
    salesforce_update_records: { records: [{ object: 'Account', id: account, fields: { Rating: 'Cold' } }] },
    salesforce_upsert_records: { object: 'Account', externalIdField: 'Erp_Id__c', records: [{ Erp_Id__c: 'E-9', Name: 'Nine' }] },
    salesforce_delete_records: { ids: [contact] },
    salesforce_describe_object: { object: 'Account', limit: 10 },
    salesforce_list_objects: { limit: 10 },
    salesforce_get_org: {},
    salesforce_get_limits: {},
    // One request each: if only some of several requests fail, these tools report `unknown` and do not fail (org-health.test.ts).
    salesforce_org_health_check: { categories: ['licences'] },
    salesforce_revenue_cloud_health_check: { categories: ['sharing'] },
  },
});

describe('the contract: Salesforce', () => {
  test.each(checks)('$name', async ({ run }) => expect(await run()).toBeUndefined());
});
