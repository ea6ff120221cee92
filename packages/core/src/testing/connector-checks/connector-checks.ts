import type { Connector } from '../../connector/connector.ts';
import { answerRules } from './rules/answer-rules.ts';
import { behaviourRules } from './rules/behaviour-rules.ts';
import { boundRules } from './rules/bound-rules.ts';
import { catalogueRules } from './rules/catalogue-rules.ts';
import { effectRules } from './rules/effect-rules.ts';
import type { ConnectorFixture } from './fixture.ts';
import { jobRules } from './rules/job-rules.ts';
import { packageRules } from './rules/package-rules.ts';
import { refusalRules } from './rules/refusal-rules.ts';
import type { Rule } from './rule.ts';
import { shapeRules, takenByHost } from './rules/shape-rules.ts';
import { createCheckedConnector, type CheckedConnector } from './checked-connector.ts';
import { tenancyRules } from './rules/tenancy-rules.ts';
import { webhookRules } from './rules/webhook-rules.ts';

/** One check of a connector, for any runner. */
export interface ConnectorCheck {
  /** The rule: "refuses invalid input before it sends anything". */
  readonly name: string;
  /** Rejects where the rule is broken, saying where, how and why it matters; and where a known gap is closed. */
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

const mostShown = 20;

/**
 * The contract of a connector as checks: all of it, but for what needs a vendor where the connector reaches none, a package where the
 * fixture names no folder, and a webhook or jobs where it has none. Each opens accounts and hosts of its own; they share what the examples came to. Run one after the other, for
 * some are about time.
 *
 * @throws {TypeError} for a fixture that cannot be checked with: no sandbox for a connector with `origins`, no delivery for one with a
 *   `webhook`, or a known gap of no check.
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
  const concerned = rules.filter(({ concerns }) => concerns === undefined || has[concerns]);
  for (const [name, reason] of Object.entries(knownGaps)) {
    if (!concerned.some((rule) => rule.name === name))
      throw new TypeError(`knownGaps names “${name}”, which is no check of ${connector.id}`);
    if (reason.trim() === '') throw new TypeError(`knownGaps gives no reason for “${name}”`);
  }
  return concerned.map((rule) => ({ name: rule.name, run: () => runRule(rule, checked, knownGaps[rule.name]) }));
}

async function runRule(rule: Rule, checked: CheckedConnector, gap: string | undefined): Promise<void> {
  if (rule !== takenByHost && (await takenByHost.find(checked)).length > 0)
    throw new Error(`Not looked at: no host takes ${checked.connector.id}. See “${takenByHost.name}”`);
  const problems = await rule.find(checked);
  if (gap !== undefined) {
    if (problems.length > 0) return;
    throw new Error(`${checked.connector.id} keeps the rule by now, so the gap is closed: take it out of knownGaps (“${gap}”)`);
  }
  if (problems.length === 0) return;
  const shown = problems.slice(0, mostShown);
  const more = problems.length > shown.length ? [`and ${problems.length - shown.length} more`] : [];
  throw new Error(`A connector ${rule.name}. ${rule.why} ${checked.connector.id} does not:\n- ${[...shown, ...more].join('\n- ')}`);
}
