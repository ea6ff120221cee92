import { portableSchema } from '../../../catalog/portable-schema.ts';
import { secretValues } from '../../../connector/secret.ts';
import type { SimulatorRequest } from '../../sandbox/simulator.ts';
import { hostsOf } from '../hosts-of.ts';
import { everyValue } from '../json-fields.ts';
import { answerWith, codeOf, overSteps, textOf } from '../problem.ts';
import type { Rule } from '../rule.ts';
import type { TestHost } from '../test-host.ts';

/** Whether a string contains a secret: as it is, in hex, or in base64, including in the middle of a longer encoded string. */
function contains(text: string, secret: string): boolean {
  const inBase64 = [0, 1, 2].map((shift) => btoa(' '.repeat(shift) + secret).slice(4, -4));
  return [secret, Buffer.from(secret).toString('hex'), ...inBase64].some((form) => text.includes(form));
}

const wireText = ({ path, query, headers, rawBody }: SimulatorRequest): string =>
  [path, query.toString(), JSON.stringify(headers), rawBody].join('\n');

/** Marks an argument, to find it in requests. No path in a connector's source contains these strings by itself. */
const marker = 'busbar-mark/../?a=b#c';
const numberMarker = 987_654_321;

const foreign = 'https://foreign.invalid';

/** Points links to another origin, and adds links where there were none. */
const relinked = (value: unknown, name: string): unknown => {
  if (typeof value === 'string' && URL.canParse(value) && value.startsWith('http')) return `${foreign}${new URL(value).pathname}`;
  return value === null && /next|prev|url|link|href/i.test(name) ? `${foreign}/next` : value;
};

/** Whether tenants stay isolated, secrets stay secret, and requests go only to the vendor. */
export const tenancyRules: readonly Rule[] = [
  {
    name: 'marks its secrets with secret()',
    why: 'A setting that is not marked with secret(…) is stored in plain text and never redacted.',
    appliesTo: 'vendor',
    find: (checked) =>
      checked.withTestHost({}, async ({ config, canary }) => {
        const parsed = checked.connector.config.safeParse(config);
        const named = Object.entries(checked.connector.config.shape)
          .filter(([name]) => /secret|password|passphrase|private.?key|api.?key|(?:api|access|refresh)?.?token$/i.test(name))
          .filter(([name]) => secretValues(checked.connector.config, { [name]: 'probe-value' }).length === 0)
          .map(([name]) => `config.${name} looks like a secret: mark it with secret(…)`);
        if (!parsed.success) return [`config does not accept the sandbox's settings: ${parsed.error.message}`, ...named];
        const secrets = secretValues(checked.connector.config, parsed.data);
        if (secrets.some((value) => value.includes(canary))) return named;
        return [
          ...named,
          'no secret of the sandbox’s settings contains the canary: use the canary that sandbox() gets as the account’s credential',
        ];
      }),
  },
  {
    name: 'keeps two connections apart',
    why: 'If a client stores something outside of itself, another tenant’s client reads it.',
    appliesTo: 'vendor',
    find: (checked) =>
      checked.withTestHost({}, (one) =>
        checked.withTestHost({}, async (other) => {
          const problems = new Set<string>();
          const good = await checked.successes();
          // The first call opens a client. Shared state shows only when both clients are open.
          for (const { tool, example } of good.slice(0, 1)) for (const testHost of [one, other]) await testHost.call(tool.name, example);
          for (const { tool, example } of good) {
            const before = [one, other].map((testHost) => testHost.requests().length);
            const answers = await Promise.all([one.call(tool.name, example), other.call(tool.name, example)]);
            const after = [one, other].map((testHost) => testHost.requests().length);
            const sent = after.map((count, index) => count - (before[index] ?? 0));
            if (sent[0] !== sent[1] || codeOf(answers[0]) !== codeOf(answers[1]))
              problems.add(`${tool.name}: called at the same time through two connections, they send ${sent[0]} and ${sent[1]} requests`);
          }
          const leaksFrom = (testHost: TestHost, stranger: TestHost): boolean =>
            testHost.sandbox?.requests.some((request) => contains(wireText(request), stranger.canary)) === true ||
            testHost.log().some((line) => contains(line, stranger.canary));
          if (leaksFrom(one, other) || leaksFrom(other, one)) problems.add('the credential of one connection is used for the other');
          return [...problems];
        }),
      ),
  },
  {
    name: 'reveals no secret, even if the vendor echoes it',
    why: 'Otherwise the model, and every reader of its conversation or the log, would have the tenant’s credential.',
    appliesTo: 'vendor',
    find: (checked) =>
      overSteps(checked, {}, async (testHost, { tool, example }, step) => {
        const { canary, sandbox } = testHost;
        const problem = { error: canary, error_description: canary, message: canary, title: canary, detail: canary, description: canary };
        const found: string[] = [];
        const look = async (place: string): Promise<void> => {
          const answer = await testHost.call(tool.name, example);
          if (contains(JSON.stringify(answer), canary)) found.push(`${place} contains the connection’s secret: ${textOf(answer)}`);
        };
        // A cursor goes back to the vendor unchanged, so the connector cannot remove a secret from it.
        const echo = (value: unknown, name: string): unknown =>
          typeof value === 'string' && !/cursor|next|after|before/i.test(name) ? `${value} ${canary}` : value;
        answerWith(testHost, step, ({ body, ...answer }) => ({ ...answer, body: everyValue(body, echo) }));
        await look('its output');
        sandbox?.recover();
        sandbox?.misbehave({ kind: 'status', status: 400, times: 1_000, match: step.match, body: { ...problem, errors: [problem] } });
        await look('its error');
        if (testHost.log().some((line) => contains(line, canary))) found.push('the log contains the connection’s secret');
        return found;
      }),
  },
  {
    name: 'follows no link to another origin',
    why: 'Otherwise anyone who can write a record at the vendor decides where the credential is sent.',
    appliesTo: 'vendor',
    find: (checked) =>
      overSteps(checked, {}, async (testHost, { tool, example }, step) => {
        answerWith(testHost, step, ({ body, ...answer }) => ({ ...answer, body: everyValue(body, relinked) }));
        const answer = await testHost.call(tool.name, example);
        const followed = testHost.watch.requested.some(({ origin, path }) => `${origin ?? ''}${path}`.includes(new URL(foreign).host));
        if (followed) return 'requests a URL from the vendor’s answer. Take only the cursor or the page out of it';
        return codeOf(answer) === 'INTERNAL' ? `fails with INTERNAL on foreign links: ${textOf(answer)}` : undefined;
      }),
  },
  {
    name: 'puts arguments into paths only as params',
    why: 'An argument written into the path itself can change the path, and reach another record, tenant or operation.',
    appliesTo: 'vendor',
    find: async (checked) => {
      const found = (await checked.successes()).map(({ tool, example }) =>
        checked.withTestHost({ tool: tool.name }, async (testHost) => {
          const properties = portableSchema(tool.input, 'input').jsonSchema['properties'] as Record<string, { readonly type?: unknown }>;
          for (const [name, value] of Object.entries(example) as [string, unknown][]) {
            const type = properties[name]?.type;
            const probes = type === 'string' ? [marker, 'busbar-mark'] : typeof value === 'number' ? [numberMarker] : [];
            for (const probe of probes) await testHost.call(tool.name, { ...example, [name]: probe });
          }
          const marks = ['busbar-mark', String(numberMarker)];
          const paths = new Set(testHost.watch.requested.map(({ path }) => path));
          return [...paths]
            .filter((path) => path.includes('?') || marks.some((mark) => path.includes(mark)))
            .map((path) => `${tool.name} requests ${path}: write the path as a template, and put values into params and query`);
        }),
      );
      return (await Promise.all(found)).flat();
    },
  },
  {
    name: 'sends requests only to the vendor’s hosts, with any settings',
    why: 'Tenants write the settings. A setting without a pattern in an origin lets a tenant choose where the host sends its requests.',
    appliesTo: 'vendor',
    find: (checked) => checked.withTestHost({}, async ({ config }) => hostsOf(checked.connector, config)),
  },
];
