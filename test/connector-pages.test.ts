import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { salesforce } from '../packages/connector-salesforce/src/index.ts';
import { sendgrid } from '../packages/connector-sendgrid/src/index.ts';
import { startSendGridSandbox } from '../packages/connector-sendgrid/src/sandbox.ts';
import { zendesk } from '../packages/connector-zendesk/src/index.ts';
import { startZendeskSandbox } from '../packages/connector-zendesk/src/sandbox.ts';
import { openSandbox, type OpenedSandbox } from '../packages/core/src/testing/index.ts';

/** Returns the rows of the tool table on a connector's page, without the heading. */
function rowsOf(connector: string): string[][] {
  const page = readFileSync(new URL(`../docs/connectors/${connector}.md`, import.meta.url), 'utf8');
  const table = /<!-- tools -->\n([^]*?)<!-- \/tools -->/.exec(page)?.[1] ?? '';
  const rows = table.split('\n').filter((line) => line.startsWith('|'));
  return rows.slice(2).map((line) =>
    line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );
}

test('every connector has a page', () => {
  const connectors = readdirSync(new URL('../packages', import.meta.url)).filter((name) => name.startsWith('connector-'));
  const pages = readdirSync(new URL('../docs/connectors', import.meta.url));
  expect(pages).toEqual(connectors.map((name) => `${name.slice('connector-'.length)}.md`));
});

/** Returns the scopes that a tool needs according to its row, such as `tickets:read`. */
const needsOf = (connector: string, tool: string): string[] => {
  const cell = rowsOf(connector).find(([name]) => name === `\`${tool}\``)?.[2] ?? '';
  return Array.from(cell.matchAll(/`([^`]+)`/g), ([, scope = '']) => scope);
};

test.each([salesforce, sendgrid, zendesk].map(({ id, tools }) => [id, tools] as const))(
  'docs/connectors/%s.md lists the tools of the catalogue with their effects and permissions',
  (id, tools) => {
    const rows = rowsOf(id);
    expect(rows.map(([name, effect]) => [name, effect])).toEqual(tools.map(({ name, effect }) => [`\`${name}\``, effect]));
    expect(rows.filter(({ length, 2: needs }) => length !== 3 || needs === '')).toEqual([]);
  },
);

/** Returns whether all these calls succeed. Expects every failure to be a missing right. */
async function succeed({ answer, close }: OpenedSandbox, tool: string, inputs: readonly object[]): Promise<boolean> {
  const failures: string[] = [];
  for (const input of inputs) {
    const { isError, content } = await answer(tool, input);
    if (isError) failures.push(JSON.stringify(content));
  }
  await close();
  expect(failures.filter((text) => !text.includes('FORBIDDEN'))).toEqual([]);
  return failures.length === 0;
}

const day = { startDate: '2026-03-01', endDate: '2026-03-01' };
const templateId = 'd-1f0a6c3b2e4d4f5a8b7c9d0e1f2a3b4c';
const mail = { subject: 'Hello', text: 'Hi!' };
const sendgridInputs: Readonly<Record<string, readonly object[]>> = {
  sendgrid_send_email: [{ to: ['ada@example.org'], ...mail }],
  sendgrid_send_template_email: [{ to: ['ada@example.org'], templateId }],
  sendgrid_send_bulk_emails: [{ messages: [{ to: 'ada@example.org' }], ...mail }],
  sendgrid_list_templates: [{}],
  sendgrid_get_template: [{ templateId }],
  sendgrid_list_suppressions: [{ list: 'bounces' }],
  sendgrid_remove_suppression: [
    { list: 'bounces', email: 'gone@example.org' },
    { list: 'unsubscribes', email: 'left@example.net' },
  ],
  sendgrid_get_stats: [day, { ...day, category: 'news' }],
  sendgrid_track_email_events: [{}],
};
const zendeskInputs: Readonly<Record<string, readonly object[]>> = {
  zendesk_create_ticket: [{ subject: 'No ink', body: 'All colours.' }],
  zendesk_get_ticket: [{ ticketId: 3, includeComments: true }],
  zendesk_update_ticket: [{ ticketId: 3, priority: 'low', addTags: ['door'] }],
  zendesk_list_comments: [{ ticketId: 1 }],
  zendesk_add_comment: [{ ticketId: 3, body: 'It is being looked at.' }],
  zendesk_apply_tags: [
    { ticketId: 3, tags: ['door'], action: 'add' },
    { ticketId: 3, tags: ['door'], action: 'remove' },
  ],
  zendesk_search_tickets: [{ text: 'printer' }, { text: 'printer', order: 'all' }],
  zendesk_count_tickets: [{ text: 'printer' }],
  zendesk_get_user: [{ email: 'ada@example.com' }],
  zendesk_create_or_update_user: [{ email: 'new@example.com', name: 'New Person' }],
  zendesk_get_organization: [{ organizationId: 9_000_000_000_001 }],
  zendesk_list_ticket_fields: [{}],
  zendesk_get_job_status: [{ jobId: 'V3-00000000000000000000000000000001' }],
  zendesk_list_events: [{}],
};

describe('the scopes that a page lists for a tool', () => {
  const withPermissions = {
    async sendgrid(scopes: readonly string[]) {
      const sandbox = await startSendGridSandbox({ scopes });
      return await openSandbox(sendgrid, sandbox);
    },
    async zendesk(scopes: readonly string[]) {
      const sandbox = await startZendeskSandbox();
      return await openSandbox(zendesk, sandbox, { config: { ...sandbox.config, scope: scopes.join(' ') || 'nothing' } });
    },
  };
  test.each([
    ...sendgrid.tools.map(({ name }) => ['sendgrid', name, sendgridInputs[name]] as const),
    ...zendesk.tools.map(({ name }) => ['zendesk', name, zendeskInputs[name]] as const),
  ])('suffice and are all needed: %s, %s', async (connector, tool, inputs = []) => {
    const needs = needsOf(connector, tool);
    expect(inputs).not.toEqual([]);
    expect(await succeed(await withPermissions[connector](needs), tool, inputs)).toBe(true);
    for (const omitted of needs)
      expect(await succeed(await withPermissions[connector](needs.filter((scope) => scope !== omitted)), tool, inputs)).toBe(false);
  });
});
