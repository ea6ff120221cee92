import type { Connector } from '../../connector/connector.ts';
import { createCheckedConnector, type CheckedConnector } from './checked-connector.ts';
import type { ConnectorFixture } from './fixture.ts';
import type { Rule } from './rule.ts';
import { answerRules } from './rules/answer-rules.ts';
import { behaviourRules } from './rules/behaviour-rules.ts';
import { boundRules } from './rules/bound-rules.ts';
import { catalogueRules } from './rules/catalogue-rules.ts';
import { effectRules } from './rules/effect-rules.ts';
import { jobRules } from './rules/job-rules.ts';
import { packageRules } from './rules/package-rules.ts';
import { refusalRules } from './rules/refusal-rules.ts';
import { shapeRules, acceptedByHost } from './rules/shape-rules.ts';
import { tenancyRules } from './rules/tenancy-rules.ts';
import { webhookRules } from './rules/webhook-rules.ts';

/** One check of a connector, for any test runner. */
export interface ConnectorCheck {
  /** The rule: "refuses invalid input before it sends anything". */
  readonly name: string;
  /** Rejects if the connector breaks the rule, and says where, how and why it matters. Also rejects if a known gap is closed. */
  readonly run: () => Promise<void>;
}

const rules: readonly Rule[] = [
  ...shapeRules,
  ...catalogueRules,
  ...behaviourRules,
  ...effectRules,
  ...refusalRules,
  ...answerRules,
  ...tenancyRules,
  ...boundRules,
  ...webhookRules,
  ...jobRules,
  ...packageRules,
];

const maxShown = 20;

/**
 * Returns the contract of connectors as checks. Leaves out the checks about vendors, webhooks and jobs if the connector has none, and the
 * checks about packages if the fixture names no folder. Each check opens its own accounts and hosts, but all checks share the first runs of
 * the examples. Run the checks one after the other, because some measure time.
 *
 * @throws {TypeError} if the fixture lacks a sandbox for a connector with `origins` or a delivery for a connector with a `webhook`, or if
 *   it names a known gap that is not a check.
 */
export function connectorChecks(connector: Connector, fixture: ConnectorFixture): readonly ConnectorCheck[] {
  const { knownGaps = {} } = fixture;
  if (connector.origins && !fixture.sandbox)
    throw new TypeError(`${connector.id} has origins: give the fixture a sandbox, a local vendor that startSimulator makes`);
  const checked = createCheckedConnector(connector, fixture);
  if (connector.webhook && !(fixture.sandbox && fixture.delivery !== undefined))
    throw new TypeError(`${connector.id} has a webhook: give the fixture a sandbox that can sign, and a delivery`);
  const has = {
    vendor: connector.origins !== undefined,
    package: fixture.folder !== undefined,
    webhook: connector.webhook !== undefined,
    jobs: (connector.jobs ?? []).length > 0,
  };
  const applicable = rules.filter(({ appliesTo }) => appliesTo === undefined || has[appliesTo]);
  for (const [name, reason] of Object.entries(knownGaps)) {
    if (!applicable.some((rule) => rule.name === name))
      throw new TypeError(`knownGaps names “${name}”, which is no check of ${connector.id}`);
    if (reason.trim() === '') throw new TypeError(`knownGaps gives no reason for “${name}”`);
  }
  return applicable.map((rule) => ({ name: rule.name, run: () => runRule(rule, checked, knownGaps[rule.name]) }));
}

async function runRule(rule: Rule, checked: CheckedConnector, gap: string | undefined): Promise<void> {
  if (rule !== acceptedByHost && (await acceptedByHost.find(checked)).length > 0)
    throw new Error(`Not checked, because no host accepts ${checked.connector.id}. See “${acceptedByHost.name}”`);
  const problems = await rule.find(checked);
  if (gap !== undefined) {
    if (problems.length > 0) return;
    throw new Error(`${checked.connector.id} meets this rule now, so the gap is closed: remove it from knownGaps (“${gap}”)`);
  }
  if (problems.length === 0) return;
  const shown = problems.slice(0, maxShown);
  const more = problems.length > shown.length ? [`and ${problems.length - shown.length} more`] : [];
  throw new Error(`A connector ${rule.name}. ${rule.why} ${checked.connector.id} does not:\n- ${[...shown, ...more].join('\n- ')}`);
}
