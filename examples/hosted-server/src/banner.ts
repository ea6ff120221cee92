import type { Webhook } from './server.ts';
import { settingsOf } from './settings/vendor-settings.ts';
import { vendors } from './vendors/vendors.ts';

/** What a newcomer reads when the server has started. */
export interface BannerFacts {
  /** Where MCP clients connect. */
  readonly url: string;
  readonly demo: boolean;
  readonly webhooks: readonly Webhook[];
  /** The key that was made just now, if one was. It is shown here and never again. */
  readonly newKey: string | undefined;
}

/** Which account a call means, where a vendor has several. */
const choices = vendors.flatMap(({ label, sandboxes }) => {
  const names = Object.keys(sandboxes).map((name) => `"${name}"`);
  return names.length > 1
    ? [`${label} has ${names.length} accounts: calls say which in the input "connection", ${names.join(' or ')}.\n`]
    : [];
});

const demoNotice = `
DEMO MODE: no vendor is configured, so sandboxes in this process answer for ${vendors.map(({ label }) => label).join(', ')}.
${choices.join('')}Nothing leaves this machine, and what is written is forgotten when it stops. To serve real accounts, set
${vendors.map(settingsOf).join(', ')} or BUSBAR_CONNECTIONS: see examples/hosted-server/README.md.
`;

/** What a shell and a client configuration get where the key is not known any more. */
const unknownKey = 'bb_YOUR_KEY';

/** The text that says where the server is, how to get in and what to try first. */
export function banner({ url, demo, newKey, webhooks }: BannerFacts): string {
  const key = newKey ?? unknownKey;
  const entry = { mcpServers: { busbar: { type: 'http', url, headers: { Authorization: `Bearer ${key}` } } } };
  return `
Busbar is ready.
${demo ? demoNotice : ''}
  MCP endpoint   ${url}
  API key        ${newKey ? `${newKey}   (shown this once: keep it)` : 'made at an earlier start. Lost it? Stop this server and run: npm start -- --new-key'}
  Health         ${new URL('/health', url).href}${webhooks.map((hook) => `\n  Webhook        ${hook.url}   (${hook.connection})`).join('')}

For an MCP client's configuration:

${indent(JSON.stringify(entry, undefined, 2))}

Try it in another terminal${newKey ? '' : ' (put your key in first)'}:

${indent(demo ? curl(url, key, createTicket) : curl(url, key, listTools))}
`;
}

const createTicket = {
  method: 'tools/call',
  params: {
    name: 'zendesk_create_ticket',
    arguments: { subject: 'The printer is on fire', body: 'It started with a paper jam.' },
  },
};

const listTools = { method: 'tools/list', params: {} };

/** The call as a line for a POSIX shell: single quotes around everything, and none inside. */
function curl(url: string, key: string, message: object): string {
  return [
    `curl -s ${url}`,
    `-H 'Authorization: Bearer ${key}'`,
    "-H 'Content-Type: application/json'",
    "-H 'Accept: application/json, text/event-stream'",
    `-d '${JSON.stringify({ jsonrpc: '2.0', id: 1, ...message })}'`,
  ].join(' \\\n  ');
}

const indent = (text: string) => text.replace(/^/gm, '  ');
