import { cockatielResilience } from '@busbar/core/adapters/cockatiel';
import { gotHttpClient } from '@busbar/core/adapters/got';
import { callTool } from '@busbar/core/testing';
import { salesforce } from '@busbar/connector-salesforce';
import { startSalesforceSandbox } from '@busbar/connector-salesforce/sandbox';

const sandbox = await startSalesforceSandbox();
const input = { soql: 'SELECT Name FROM Account WHERE Name LIKE :name', values: { name: { contains: 'bakery' } } };
const answer = await callTool(salesforce, 'salesforce_query_records', input, sandbox.config, {
  httpClient: gotHttpClient(),
  resilience: cockatielResilience(),
  remapOrigins: sandbox.remapOrigins,
});
console.log(answer.structuredContent);
await sandbox.close();
