import { cockatielResilience } from '@busbar/core/adapters/cockatiel';
import { gotHttpClient } from '@busbar/core/adapters/got';
import { callTool } from '@busbar/core/testing';
import { zendesk } from '@busbar/connector-zendesk';
import { startZendeskSandbox } from '@busbar/connector-zendesk/sandbox';

const sandbox = await startZendeskSandbox();
const answer = await callTool(zendesk, 'zendesk_search_tickets', { status: ['open'] }, sandbox.config, {
  httpClient: gotHttpClient(),
  resilience: cockatielResilience(),
  remapOrigins: sandbox.remapOrigins,
});
console.log(answer.structuredContent);
await sandbox.close();
