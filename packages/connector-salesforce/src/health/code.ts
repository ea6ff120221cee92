import { query, tooling, type OrgCheck } from './org-check.ts';
import { numberAt, rowsOf, textAt } from './read-row.ts';

/** The number of API versions in three years: Salesforce has three releases a year. */
const oldBy = 9;
/** The test coverage that Salesforce requires for a deployment to production. */
const demandedPercent = 75;

/** Checks of the org’s own Apex. `apiVersion`, such as 64, decides which versions count as old. */
export const codeChecks = (apiVersion: number): readonly OrgCheck<'code'>[] => [
  {
    id: 'apex_coverage',
    title: 'Test coverage of the org',
    category: 'code',
    weight: 2,
    permission: 'View Setup and Configuration',
    advice: 'Write tests for the classes that have few: below 75 % nothing can be deployed to production.',
    sources: [tooling('SELECT PercentCovered FROM ApexOrgWideCoverage')],
    judge(readings) {
      const [row] = rowsOf(readings);
      if (!row) return { status: 'unknown', evidence: 'No coverage is on record: no test has run.' };
      const percent = numberAt(row, 'PercentCovered');
      return {
        status: percent < demandedPercent ? 'fail' : percent < 80 ? 'warn' : 'pass',
        evidence: `Tests cover ${percent} % of the org’s Apex; Salesforce demands ${demandedPercent} %.`,
      };
    },
  },
  {
    id: 'uncovered_classes',
    title: 'Apex with few tests',
    category: 'code',
    weight: 1,
    permission: 'View Setup and Configuration',
    advice: 'Begin with these classes when you write tests.',
    sources: [tooling('SELECT ApexClassOrTrigger.Name, NumLinesCovered, NumLinesUncovered FROM ApexCodeCoverageAggregate', 'all')],
    judge(readings) {
      const measured = rowsOf(readings).flatMap((row) => {
        const lines = numberAt(row, 'NumLinesCovered') + numberAt(row, 'NumLinesUncovered');
        return lines === 0
          ? []
          : [{ name: textAt(row, 'ApexClassOrTrigger.Name'), percent: Math.round((numberAt(row, 'NumLinesCovered') / lines) * 100) }];
      });
      const few = measured.filter(({ percent }) => percent < demandedPercent).toSorted((a, b) => a.percent - b.percent);
      return {
        status: few.length > 0 ? 'warn' : 'pass',
        evidence: `${few.length} of ${measured.length} classes and triggers are covered by less than ${demandedPercent} %.`,
        details: few.map(({ name, percent }) => `${name}: ${percent} %`),
      };
    },
  },
  {
    id: 'old_apex_versions',
    title: 'Apex of old API versions',
    category: 'code',
    weight: 1,
    permission: 'Author Apex or View Setup and Configuration',
    advice: 'Raise the API version of this code and test it: Salesforce retires old versions.',
    sources: [
      query('SELECT ApiVersion, COUNT(Id) n FROM ApexClass WHERE NamespacePrefix = null GROUP BY ApiVersion'),
      query('SELECT ApiVersion, COUNT(Id) n FROM ApexTrigger WHERE NamespacePrefix = null GROUP BY ApiVersion'),
    ],
    judge(readings) {
      const old = [...rowsOf(readings), ...rowsOf(readings, 1)]
        .filter((row) => numberAt(row, 'ApiVersion') < apiVersion - oldBy)
        .toSorted((a, b) => numberAt(a, 'ApiVersion') - numberAt(b, 'ApiVersion'));
      const count = old.reduce((sum, row) => sum + numberAt(row, 'n'), 0);
      return {
        status: count > 0 ? 'warn' : 'pass',
        evidence: `${count} classes and triggers are of API versions more than three years old (below ${apiVersion - oldBy}).`,
        details: old.map((row) => `Version ${numberAt(row, 'ApiVersion')}: ${numberAt(row, 'n')}`),
      };
    },
  },
];
