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
    name: 'stores what its vendor’s webhook delivers, and nothing twice',
    why: 'Vendors deliver again whatever was not answered in time. An event without an id of the vendor’s own is counted again each time.',
    concerns: 'webhook',
    find: (subject) =>
      subject.withTestHost({ tool: '' }, async (stage) => {
        const { delivery } = subject.fixture;
        const refused = await refusalOf(stage, JSON.stringify(delivery));
        if (refused !== undefined)
          return [`refuses the fixture’s delivery, as the sandbox signs it: ${refused.message}${causeOf(refused)}`];
        const first = await stored(subject, stage);
        if (first.length === 0) return ['takes the fixture’s delivery, and stores nothing of it'];
        await refusalOf(stage, JSON.stringify(delivery));
        const problems = (await stored(subject, stage)).length > first.length ? ['stores an event again that is delivered again'] : [];
        if (!Array.isArray(delivery)) return problems;
        const many = Array.from({ length: batch }, (_, at) => delivery[at % delivery.length] as unknown);
        const refusedMany = await refusalOf(stage, JSON.stringify(many));
        return refusedMany ? [...problems, `refuses a batch of ${batch} events: ${refusedMany.message}${causeOf(refusedMany)}`] : problems;
      }),
  },
  {
    name: 'takes no delivery that another account signed',
    why: 'The address of a webhook gets known. Who can write to it without the account’s key writes what the model reads.',
    concerns: 'webhook',
    find: (subject) =>
      subject.withTestHost({ tool: '' }, (stage) =>
        subject.withTestHost({ tool: '' }, async (stranger) => {
          const refused = await refusalOf(stage, JSON.stringify(subject.fixture.delivery), stranger);
          if (refused?.code === 'FORBIDDEN') return [];
          if (refused) return [`answers it with ${refused.code}: ${refused.message}`];
          return [`stores ${(await stored(subject, stage)).length} events of it: the key must be one of the connection’s settings`];
        }),
      ),
  },
  {
    name: 'stores nothing of what is signed and is no delivery',
    why: 'A vendor’s test button, and a webhook that is set up for something else, are signed too. What is made of them reads like an event.',
    concerns: 'webhook',
    find: (subject) =>
      subject.withTestHost({ tool: '' }, async (stage) => {
        const problems: string[] = [];
        for (const body of junk) {
          const refused = await refusalOf(stage, body);
          const entries = await stored(subject, stage);
          if (refused && refused.code !== 'INVALID_INPUT')
            problems.push(`answers the body “${body}” with ${refused.code}: ${refused.message}`);
          if (entries.length > 0) problems.push(`stores an event of the body “${body}”: throw where it is none`);
          await forget(subject, stage, entries);
        }
        return problems;
      }),
  },
  {
    name: 'reads back whatever its webhook has stored',
    why: 'What was stored once is read for weeks. One event that is not as it was expected, and the tool fails each time.',
    concerns: 'webhook',
    find: async (subject) => {
      // Tools that need no vendor for what they show.
      const readers = (await subject.good()).filter(({ tool, steps }) => tool.effect === 'read' && steps.length === 0);
      const found = readers.map((trace) =>
        subject.withTestHost({ tool: trace.tool.name }, async (stage) => {
          const problems: string[] = [];
          for (const path of fieldPaths(subject.fixture.delivery)) {
            for (const { change } of fieldFaults) {
              await refusalOf(stage, JSON.stringify(withField(subject.fixture.delivery, path, change)));
              const answer = await stage.call(trace.tool.name, trace.example);
              const fault = answer.isError === true ? faultOfFailure(stage, answer) : slipOf(answer, trace);
              if (fault !== undefined) problems.push(`${trace.tool.name}: of an event with another ${pathText(path)}, it ${fault}`);
              await forget(subject, stage, await stored(subject, stage));
            }
          }
          return problems;
        }),
      );
      return (await Promise.all(found)).flat();
    },
  },
];

/** Delivers a body that the account, or that of another stage, has signed. Undefined: it was taken. */
async function refusalOf(stage: TestHost, body: string, { sandbox }: TestHost = stage): Promise<ToolError | undefined> {
  if (!sandbox?.sign) throw new TypeError('The sandbox cannot sign what its webhook sends: give it sign(body)');
  try {
    await stage.deliver(await sandbox.sign(body), body);
    return undefined;
  } catch (error) {
    if (ToolError.is(error)) return error;
    throw error;
  }
}

const causeOf = ({ cause }: ToolError): string => (cause instanceof Error ? ` ${cause.message}` : '');

const logOf = ({ connector }: CheckedConnector, { state }: TestHost) => state.log((connector.webhook as Webhook<unknown>).log);

const stored = async (subject: CheckedConnector, stage: TestHost): Promise<readonly Entry<unknown>[]> =>
  (await logOf(subject, stage).read({ limit: batch })).entries;

const forget = (subject: CheckedConnector, stage: TestHost, entries: readonly Entry<unknown>[]): Promise<void> =>
  logOf(subject, stage).remove(entries.map(({ id }) => id));
