import type { Webhook } from '../../../connector/connector.ts';
import { ToolError } from '../../../errors.ts';
import type { Entry } from '../../../connector/state.ts';
import { fieldFaults, slipOf } from './answer-rules.ts';
import { fieldPaths, pathText, withField } from '../json-fields.ts';
import { faultOfFailure } from '../problem.ts';
import type { Rule } from '../rule.ts';
import type { TestHost } from '../test-host.ts';
import type { CheckedConnector } from '../checked-connector.ts';

/** Bodies that anybody's mistake may bring, and that are no delivery. */
const junk = ['', 'no JSON', '{"half": ', 'null', '7', '"text"', '[null]', '[7]', '[[]]', '{}'];
/** The most events of a batch that are looked at. */
const batch = 1_000;

/** What becomes of what a vendor's webhook delivers. Core verifies and stores; the connector says what the signature is, and what the events are. */
export const webhookRules: readonly Rule[] = [
  {
    name: 'stores each event of its vendor’s webhook once',
    why: 'Vendors deliver again whatever was not answered in time. An event without an id of the vendor’s own is counted again each time.',
    concerns: 'webhook',
    find: (checked) =>
      checked.withTestHost({ tool: '' }, async (testHost) => {
        const { delivery } = checked.fixture;
        const refused = await refusalOf(testHost, JSON.stringify(delivery));
        if (refused !== undefined)
          return [`refuses the fixture’s delivery, as the sandbox signs it: ${refused.message}${causeOf(refused)}`];
        const first = await stored(checked, testHost);
        if (first.length === 0) return ['takes the fixture’s delivery, and stores nothing of it'];
        await refusalOf(testHost, JSON.stringify(delivery));
        const problems = (await stored(checked, testHost)).length > first.length ? ['stores an event again that is delivered again'] : [];
        if (!Array.isArray(delivery)) return problems;
        const many = Array.from({ length: batch }, (_, at) => delivery[at % delivery.length] as unknown);
        const refusedMany = await refusalOf(testHost, JSON.stringify(many));
        return refusedMany ? [...problems, `refuses a batch of ${batch} events: ${refusedMany.message}${causeOf(refusedMany)}`] : problems;
      }),
  },
  {
    name: 'refuses a delivery that another account signed',
    why: 'The address of a webhook gets known. Who can write to it without the account’s key writes what the model reads.',
    concerns: 'webhook',
    find: (checked) =>
      checked.withTestHost({ tool: '' }, (testHost) =>
        checked.withTestHost({ tool: '' }, async (stranger) => {
          const refused = await refusalOf(testHost, JSON.stringify(checked.fixture.delivery), stranger);
          if (refused?.code === 'FORBIDDEN') return [];
          if (refused) return [`answers it with ${refused.code}: ${refused.message}`];
          return [`stores ${(await stored(checked, testHost)).length} events of it: the key must be one of the connection’s settings`];
        }),
      ),
  },
  {
    name: 'stores nothing from a signed body that is no delivery',
    why: 'A vendor’s test button, and a webhook that is set up for something else, are signed too. What is made of them reads like an event.',
    concerns: 'webhook',
    find: (checked) =>
      checked.withTestHost({ tool: '' }, async (testHost) => {
        const problems: string[] = [];
        for (const body of junk) {
          const refused = await refusalOf(testHost, body);
          const entries = await stored(checked, testHost);
          if (refused && refused.code !== 'INVALID_INPUT')
            problems.push(`answers the body “${body}” with ${refused.code}: ${refused.message}`);
          if (entries.length > 0) problems.push(`stores an event of the body “${body}”: throw where it is none`);
          await forget(checked, testHost, entries);
        }
        return problems;
      }),
  },
  {
    name: 'can read every event that its webhook stored',
    why: 'What was stored once is read for weeks. One event that is not as it was expected, and the tool fails each time.',
    concerns: 'webhook',
    find: async (checked) => {
      // Tools that need no vendor for what they show.
      const readers = (await checked.good()).filter(({ tool, steps }) => tool.effect === 'read' && steps.length === 0);
      const found = readers.map((trace) =>
        checked.withTestHost({ tool: trace.tool.name }, async (testHost) => {
          const problems: string[] = [];
          for (const path of fieldPaths(checked.fixture.delivery)) {
            for (const { change } of fieldFaults) {
              await refusalOf(testHost, JSON.stringify(withField(checked.fixture.delivery, path, change)));
              const answer = await testHost.call(trace.tool.name, trace.example);
              const fault = answer.isError === true ? faultOfFailure(testHost, answer) : slipOf(answer, trace);
              if (fault !== undefined) problems.push(`${trace.tool.name}: of an event with another ${pathText(path)}, it ${fault}`);
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

/** Delivers a body that the account, or that of another testHost, has signed. Undefined: it was taken. */
async function refusalOf(testHost: TestHost, body: string, { sandbox }: TestHost = testHost): Promise<ToolError | undefined> {
  if (!sandbox?.sign) throw new TypeError('The sandbox cannot sign what its webhook sends: give it sign(body)');
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
