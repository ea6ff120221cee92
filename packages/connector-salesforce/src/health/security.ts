import { query, tooling, type OrgCheck } from './org-check.ts';
import { isTrue, numberAt, rowsOf, textAt } from './read-row.ts';

/** Salesforce's own names for ranges of its score. */
const grades = [
  [90, 'Excellent'],
  [80, 'Very Good'],
  [70, 'Good'],
  [55, 'Poor'],
  [0, 'Very Poor'],
] as const;

/** Checks of the org's security: Salesforce’s own score, and risks that the score leaves out. */
export const securityChecks: readonly OrgCheck<'security'>[] = [
  {
    id: 'security_score',
    title: 'Salesforce’s Security Health Check',
    category: 'security',
    weight: 3,
    permission: 'View Health Check',
    advice: 'Open Setup, Health Check, and fix the risks that it lists, the high ones first.',
    sources: [tooling('SELECT Score FROM SecurityHealthCheck')],
    judge(readings) {
      const [row] = rowsOf(readings);
      if (!row || textAt(row, 'Score') === '') return { status: 'unknown', evidence: 'Salesforce gives no score.' };
      const score = numberAt(row, 'Score');
      const [, grade] = grades.find(([from]) => score >= from) ?? [0, 'Very Poor'];
      return {
        status: score >= 80 ? 'pass' : score >= 55 ? 'warn' : 'fail',
        evidence: `${score} of 100 (${grade}), as Salesforce states it.`,
      };
    },
  },
  {
    id: 'security_risks',
    title: 'Settings below Salesforce’s baseline',
    category: 'security',
    weight: 2,
    permission: 'View Health Check',
    advice: 'Open Setup, Health Check, and use Fix Risks, or set each value to the standard yourself.',
    sources: [
      tooling(
        "SELECT RiskType, Setting, SettingGroup, SettingRiskCategory, OrgValue, OrgValueRaw, StandardValue FROM SecurityHealthCheckRisks WHERE RiskType != 'MEETS_STANDARD'",
        'all',
      ),
    ],
    judge(readings) {
      const rank = (text: string): number => (/^(HIGH|CRITICAL)/i.test(text) ? 2 : /^MEDIUM/i.test(text) ? 1 : 0);
      const risks = rowsOf(readings).toSorted((a, b) => rank(textAt(b, 'RiskType')) - rank(textAt(a, 'RiskType')));
      const high = risks.filter((row) => rank(textAt(row, 'RiskType')) === 2).length;
      const medium = risks.filter((row) => rank(textAt(row, 'RiskType')) === 1).length;
      return {
        status: high > 0 ? 'fail' : medium > 0 ? 'warn' : 'pass',
        evidence: `${high} settings are a high risk, ${medium} a medium one.`,
        details: risks.map(
          (row) =>
            `${textAt(row, 'Setting')}: is ${textAt(row, 'OrgValue')}, standard ${textAt(row, 'StandardValue')} (${textAt(row, 'RiskType')})`,
        ),
      };
    },
  },
  {
    id: 'failed_logins',
    title: 'Logins that fail',
    category: 'security',
    weight: 1,
    permission: 'Manage Users',
    advice: 'Look at Setup, Login History, for the users and addresses behind them; update integrations that keep an old password.',
    alwaysHasRows: true,
    sources: [query('SELECT Status, LoginType, COUNT(Id) n FROM LoginHistory WHERE LoginTime = LAST_N_DAYS:7 GROUP BY Status, LoginType')],
    judge(readings) {
      const rows = rowsOf(readings).toSorted((a, b) => numberAt(b, 'n') - numberAt(a, 'n'));
      const failed = rows.filter((row) => textAt(row, 'Status') !== 'Success');
      const sum = (list: typeof rows) => list.reduce((total, row) => total + numberAt(row, 'n'), 0);
      const [bad, all] = [sum(failed), sum(rows)];
      const percent = all === 0 ? 0 : Math.round((bad / all) * 100);
      return {
        status: bad >= 20 && percent >= 50 ? 'fail' : bad >= 5 && percent >= 20 ? 'warn' : 'pass',
        evidence: `${bad} of ${all} logins of the last 7 days failed (${percent} %).`,
        details: failed.map((row) => `${numberAt(row, 'n')} × ${textAt(row, 'Status')} (${textAt(row, 'LoginType')})`),
      };
    },
  },
  {
    id: 'multi_factor',
    title: 'Multi-factor authentication at login',
    category: 'security',
    weight: 2,
    permission: 'Manage Users',
    advice: 'Require multi-factor authentication for all users (Setup, Identity Verification), or have single sign-on do so.',
    sources: [
      query("SELECT UserId, Policy, COUNT(Id) n FROM VerificationHistory WHERE Activity = 'Login' GROUP BY UserId, Policy LIMIT 2000"),
    ],
    judge(readings) {
      const verified = rowsOf(readings).filter((row) => /TwoFactor|MultiFactor|MFA|HighAssurance/i.test(textAt(row, 'Policy')));
      const users = new Set(verified.map((row) => textAt(row, 'UserId'))).size;
      return users > 0
        ? { status: 'pass', evidence: `${users} users were verified with a second factor at login.` }
        : { status: 'warn', evidence: 'No login with a second factor is on record. Single sign-on may verify users elsewhere.' };
    },
  },
  {
    id: 'setup_changes',
    title: 'Setup changes on behalf of others',
    category: 'security',
    weight: 1,
    permission: 'View Setup and Configuration',
    advice: 'Ask those people whether they made these changes; see Setup, View Setup Audit Trail.',
    sources: [
      query(
        'SELECT Action, Section, Display, CreatedDate, CreatedById, DelegateUser FROM SetupAuditTrail WHERE CreatedDate = LAST_N_DAYS:30 ORDER BY CreatedDate DESC LIMIT 200',
      ),
    ],
    judge(readings) {
      const rows = rowsOf(readings);
      const delegated = rows.filter((row) => textAt(row, 'DelegateUser') !== '');
      return {
        status: delegated.length > 0 ? 'warn' : 'pass',
        evidence: `${rows.length === 200 ? 'At least 200' : rows.length} changes in the last 30 days, ${delegated.length} by someone logged in as another user.`,
        details: delegated.map(
          (row) => `${textAt(row, 'CreatedDate').slice(0, 10)} ${textAt(row, 'DelegateUser')}: ${textAt(row, 'Display')}`,
        ),
      };
    },
  },
  {
    id: 'stale_oauth_tokens',
    title: 'OAuth tokens that no one uses',
    category: 'security',
    weight: 1,
    permission: 'Manage Users',
    advice: 'Revoke them in Setup, Connected Apps OAuth Usage.',
    sources: [query('SELECT AppName, UserId, LastUsedDate, UseCount FROM OauthToken WHERE LastUsedDate < LAST_N_DAYS:90')],
    judge: (readings) => ({
      status: (readings[0]?.total ?? 0) > 0 ? 'warn' : 'pass',
      evidence: `${readings[0]?.total ?? 0} tokens were not used for 90 days.`,
      details: rowsOf(readings).map((row) => `${textAt(row, 'AppName')}: last used ${textAt(row, 'LastUsedDate').slice(0, 10)}`),
    }),
  },
  {
    id: 'connected_apps',
    title: 'Connected apps that any user may authorize',
    category: 'security',
    weight: 1,
    permission: 'Manage Connected Apps',
    advice: 'Set “Permitted Users” of each to “Admin approved users are pre-authorized”.',
    sources: [query('SELECT Name, OptionsAllowAdminApprovedUsersOnly FROM ConnectedApplication', 'all')],
    judge(readings) {
      const open = rowsOf(readings).filter((row) => !isTrue(row, 'OptionsAllowAdminApprovedUsersOnly'));
      return {
        status: open.length > 0 ? 'warn' : 'pass',
        evidence: `${open.length} of ${rowsOf(readings).length} connected apps let users authorize themselves.`,
        details: open.map((row) => textAt(row, 'Name')),
      };
    },
  },
];
