import { cockatielResilience } from '@busbar/core/adapters/cockatiel';
import { gotHttpClient } from '@busbar/core/adapters/got';
import { callTool } from '@busbar/core/testing';
import { sendgrid } from '@busbar/connector-sendgrid';
import { startSendGridSandbox } from '@busbar/connector-sendgrid/sandbox';

const sandbox = await startSendGridSandbox();
const mail = { to: ['Ada Example <ada@example.org>'], subject: 'Hello', text: 'Hi Ada!' };
const answer = await callTool(sendgrid, 'sendgrid_send_email', mail, sandbox.config, {
  httpClient: gotHttpClient(),
  resilience: cockatielResilience(),
  remapOrigins: sandbox.remapOrigins,
});
console.log(answer.structuredContent);
await sandbox.close();
