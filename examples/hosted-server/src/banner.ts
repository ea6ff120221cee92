import type { Webhook } from './server.ts';
import { settingsOf } from './settings/vendor-settings.ts';
import { vendors } from './vendors/vendors.ts';

/** The facts about a started server that the banner shows. */
export interface BannerFacts {
  /** The address for MCP clients. */
  readonly url: string;
  readonly demo: boolean;
  readonly webhooks: readonly Webhook[];
  /** The API key created at this start, if any. It is shown here and never again. */
  readonly newKey: string | undefined;
}

/** Sentences that say how calls choose an account of a vendor that has several. */
const choices = vendors.flatMap(({ label, sandboxes }) => {
  const names = Object.keys(sandboxes).map((name) => `"${name}"`);
  return names.length > 1
    ? [`${label} has ${names.length} accounts: calls choose one with the input "connection", ${names.join(' or ')}.\n`]
    : [];
});

const demoNotice = `
DEMO MODE: no vendor is configured, so this process simulates ${vendors.map(({ label }) => label).join(', ')}.
${choices.join('')}Nothing leaves this machine, and the simulated accounts are lost when the server stops. To serve real accounts, set
${vendors.map(settingsOf).join(', ')} or BUSBAR_CONNECTIONS: see examples/hosted-server/README.md.
`;

/** Replaces the key in the examples if only its hash is known. */
const unknownKey = 'bb_YOUR_KEY';

/** The text that a person reads after the start: the address, the key, and a first call to try. */
export function banner({ url, demo, newKey, webhooks }: BannerFacts): string {
  const key = newKey ?? unknownKey;
  const entry = { mcpServers: { busbar: { type: 'http', url, headers: { Authorization: `Bearer ${key}` } } } };
  return `
Busbar is ready.
${demo ? demoNotice : ''}
  MCP endpoint   ${url}
  API key        ${newKey ? `${newKey}   (shown only once: keep it)` : 'created at an earlier start. Lost it? Stop this server and run: npm start -- --new-key'}
  Health         ${new URL('/health', url).href}${webhooks.map((hook) => `\n  Webhook        ${hook.url}   (${hook.connection})`).join('')}

For an MCP client's configuration:

${indent(JSON.stringify(entry, undefined, 2))}

Try it in another terminal${newKey ? '' : ' (insert your key first)'}:

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

/** A curl command for a POSIX shell. Its arguments are in single quotes, so they must not contain any. */
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
