import type { Entry } from '../../../connector/state.ts';
import type { Webhook } from '../../../connector/webhook.ts';
import { ToolError } from '../../../errors.ts';
import type { CheckedConnector } from '../checked-connector.ts';
import { fieldPaths, pathText, withField } from '../json-fields.ts';
import { faultOfFailure } from '../problem.ts';
import type { Rule } from '../rule.ts';
import type { TestHost } from '../test-host.ts';
import { fieldFaults, slipOf } from './answer-rules.ts';

/** Bodies that may arrive by mistake and are not deliveries. */
const junk = ['', 'no JSON', '{"half": ', 'null', '7', '"text"', '[null]', '[7]', '[[]]', '{}'];
/** The number of events in a large batch. */
const batch = 1_000;
const maxShown = 100;

/** How a connector handles webhook deliveries. Core verifies and stores them. The connector declares the signature and reads the events. */
export const webhookRules: readonly Rule[] = [
  {
    name: 'stores each event of its vendor’s webhook once',
    why: 'Vendors repeat deliveries that were not answered in time. An event without the vendor’s own id is counted again each time.',
    appliesTo: 'webhook',
    find: (checked) =>
      checked.withTestHost({ tool: '' }, async (testHost) => {
        const { delivery } = checked.fixture;
        const refused = await refusalOf(testHost, JSON.stringify(delivery));
        if (refused !== undefined)
          return [`refuses the fixture’s delivery, as the sandbox signs it: ${refused.message}${causeOf(refused)}`];
        const first = await stored(checked, testHost);
        if (first.length === 0) return ['accepts the fixture’s delivery, but stores nothing from it'];
        await refusalOf(testHost, JSON.stringify(delivery));
        const problems =
          (await stored(checked, testHost)).length > first.length ? ['stores an event again when it is delivered again'] : [];
        if (!Array.isArray(delivery)) return problems;
        const many = Array.from({ length: batch }, (_, index) => delivery[index % delivery.length] as unknown);
        const refusedMany = await refusalOf(testHost, JSON.stringify(many));
        return refusedMany ? [...problems, `refuses a batch of ${batch} events: ${refusedMany.message}${causeOf(refusedMany)}`] : problems;
      }),
  },
  {
    name: 'refuses a delivery that another account signed',
    why: 'The URL of a webhook becomes known. If a delivery needs no key of the account, anyone can write what the model reads.',
    appliesTo: 'webhook',
    find: (checked) =>
      checked.withTestHost({ tool: '' }, (testHost) =>
        checked.withTestHost({ tool: '' }, async (stranger) => {
          const refused = await refusalOf(testHost, JSON.stringify(checked.fixture.delivery), stranger);
          if (refused?.code === 'FORBIDDEN') return [];
          if (refused) return [`answers it with ${refused.code}: ${refused.message}`];
          return [`stores ${(await stored(checked, testHost)).length} events from it: the key must be one of the connection’s settings`];
        }),
      ),
  },
  {
    name: 'stores nothing from a signed body that is no delivery',
    why: 'A vendor also signs test deliveries and deliveries for other purposes. If they are stored, they read like events.',
    appliesTo: 'webhook',
    find: (checked) =>
      checked.withTestHost({ tool: '' }, async (testHost) => {
        const problems: string[] = [];
        for (const body of junk) {
          const refused = await refusalOf(testHost, body);
          const entries = await stored(checked, testHost);
          if (refused && refused.code !== 'INVALID_INPUT')
            problems.push(`answers the body “${body}” with ${refused.code}: ${refused.message}`);
          if (entries.length > 0) problems.push(`stores an event from the body “${body}”: throw if the body is no delivery`);
          await forget(checked, testHost, entries);
        }
        return problems;
      }),
  },
  {
    name: 'stores the other events of a delivery with an odd one',
    why: 'Vendors put many events into a delivery. If one of them makes the host refuse it, they repeat all of it for hours, and then drop it.',
    appliesTo: 'webhook',
    find: (checked) =>
      checked.withTestHost({ tool: '' }, async (testHost) => {
        const problems: string[] = [];
        for (const delivery of withOddEvents(checked.fixture.delivery)) {
          const refused = await refusalOf(testHost, JSON.stringify(delivery));
          const entries = await stored(checked, testHost);
          const body = JSON.stringify(delivery).slice(0, maxShown);
          if (refused) problems.push(`refuses ${body}: ${refused.message}${causeOf(refused)}`);
          else if (entries.length === 0) problems.push(`stores nothing from ${body}: return undefined for an event that you cannot read`);
          await forget(checked, testHost, entries);
        }
        return problems;
      }),
  },
  {
    name: 'can read every event that its webhook stored',
    why: 'A stored event is read for weeks. A single unexpected event makes the tool fail every time.',
    appliesTo: 'webhook',
    find: async (checked) => {
      // Tools that read events send no requests.
      const readers = (await checked.successes()).filter(({ tool, steps }) => tool.effect === 'read' && steps.length === 0);
      const found = readers.map((trace) =>
        checked.withTestHost({ tool: trace.tool.name }, async (testHost) => {
          const problems: string[] = [];
          for (const path of fieldPaths(checked.fixture.delivery)) {
            for (const { change } of fieldFaults) {
              await refusalOf(testHost, JSON.stringify(withField(checked.fixture.delivery, path, change)));
              const answer = await testHost.call(trace.tool.name, trace.example);
              const fault = answer.isError === true ? faultOfFailure(testHost, answer) : slipOf(answer, trace);
              if (fault !== undefined) problems.push(`${trace.tool.name}: for an event with another ${pathText(path)}, it ${fault}`);
              await forget(checked, testHost, await stored(checked, testHost));
            }
          }
          return problems;
        }),
      );
      return (await Promise.all(found)).flat();
    },
  },
];

/** Puts events that no vendor documents before those of a delivery that has a list of events, as a whole or in a field. */
function withOddEvents(delivery: unknown): unknown[] {
  const odd = (events: readonly unknown[]): unknown[][] => [null, 7, {}].map((event) => [event, ...events]);
  if (Array.isArray(delivery)) return odd(delivery);
  return Object.entries(Object(delivery) as object).flatMap(([name, value]: [string, unknown]) =>
    Array.isArray(value) && value.every((event) => typeof event === 'object')
      ? odd(value).map((events) => ({ ...(delivery as object), [name]: events }))
      : [],
  );
}

/** Delivers a body that the account of this or another test host has signed. Returns the refusal, if there is one. */
async function refusalOf(testHost: TestHost, body: string, { sandbox }: TestHost = testHost): Promise<ToolError | undefined> {
  if (!sandbox?.sign) throw new TypeError('The sandbox cannot sign the deliveries of its webhook: give it sign(body)');
  try {
    await testHost.deliver(await sandbox.sign(body), body);
    return undefined;
  } catch (error) {
    if (ToolError.is(error)) return error;
    throw error;
  }
}

const causeOf = ({ cause }: ToolError): string => (cause instanceof Error ? ` ${cause.message}` : '');

const logOf = ({ connector }: CheckedConnector, { state }: TestHost) => state.log((connector.webhook as Webhook<unknown>).log);

const stored = async (checked: CheckedConnector, testHost: TestHost): Promise<readonly Entry<unknown>[]> =>
  (await logOf(checked, testHost).read({ limit: batch })).entries;

const forget = (checked: CheckedConnector, testHost: TestHost, entries: readonly Entry<unknown>[]): Promise<void> =>
  logOf(checked, testHost).remove(entries.map(({ id }) => id));
