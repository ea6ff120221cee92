import { query, type OrgCheck } from './org-check.ts';
import { isTrue, rowsOf, textAt } from './read-row.ts';

/** Checks for unused rights, and for users with more rights than most users should have. */
export const accessChecks: readonly OrgCheck<'access'>[] = [
  {
    id: 'inactive_users',
    title: 'Active users who do not log in',
    category: 'access',
    weight: 2,
    permission: 'View Setup and Configuration',
    advice: 'Deactivate or freeze them: each takes a licence and is a way in.',
    sources: [
      query(
        "SELECT Id, Name, Username, ProfileId, LastLoginDate FROM User WHERE IsActive = true AND UserType = 'Standard' AND (LastLoginDate = null OR LastLoginDate < LAST_N_DAYS:90)",
      ),
    ],
    judge(readings) {
      const total = readings[0]?.total ?? 0;
      return {
        status: total > 0 ? 'warn' : 'pass',
        evidence: `${total} active users have not logged in for 90 days or ever.`,
        details: rowsOf(readings).map(
          (row) => `${textAt(row, 'Name')} (${textAt(row, 'Username')}): ${textAt(row, 'LastLoginDate').slice(0, 10) || 'never'}`,
        ),
      };
    },
  },
  {
    id: 'powerful_users',
    title: 'Users with sweeping rights',
    category: 'access',
    weight: 3,
    permission: 'View Setup and Configuration',
    advice: 'Take Modify All Data, View All Data and Manage Users from users who can do without; give rights to single objects instead.',
    alwaysHasRows: true,
    sources: [
      query(
        'SELECT AssigneeId, Assignee.Name, PermissionSet.Label, PermissionSet.PermissionsModifyAllData, PermissionSet.PermissionsViewAllData, PermissionSet.PermissionsManageUsers FROM PermissionSetAssignment WHERE Assignee.IsActive = true AND (PermissionSet.PermissionsModifyAllData = true OR PermissionSet.PermissionsViewAllData = true OR PermissionSet.PermissionsManageUsers = true)',
        'all',
      ),
    ],
    judge(readings) {
      const users = new Map<string, { name: string; modifies: boolean }>();
      for (const row of rowsOf(readings)) {
        const id = textAt(row, 'AssigneeId');
        const modifies = isTrue(row, 'PermissionSet.PermissionsModifyAllData') || users.get(id)?.modifies === true;
        users.set(id, { name: textAt(row, 'Assignee.Name'), modifies });
      }
      const modifying = [...users.values()].filter(({ modifies }) => modifies);
      return {
        status: modifying.length > 10 ? 'fail' : modifying.length > 5 ? 'warn' : 'pass',
        evidence: `${modifying.length} active users may modify all data; ${users.size} may do that, view all data or manage users.`,
        details: [...users.values()]
          .toSorted((a, b) => Number(b.modifies) - Number(a.modifies))
          .map(({ name, modifies }) => `${name}${modifies ? ': Modify All Data' : ''}`),
      };
    },
  },
  {
    id: 'unused_profiles',
    title: 'Profiles without users',
    category: 'access',
    weight: 1,
    permission: 'View Setup and Configuration',
    advice: 'Delete custom profiles that no user has.',
    alwaysHasRows: true,
    sources: [
      query(
        'SELECT PermissionSet.ProfileId, COUNT(Id) n FROM PermissionSetAssignment WHERE PermissionSet.IsOwnedByProfile = true AND Assignee.IsActive = true GROUP BY PermissionSet.ProfileId',
      ),
      query('SELECT ProfileId, Profile.Name, IsCustom FROM PermissionSet WHERE IsOwnedByProfile = true', 'all'),
    ],
    judge(readings) {
      const used = new Set(rowsOf(readings).map((row) => textAt(row, 'ProfileId')));
      const unused = rowsOf(readings, 1).filter((row) => isTrue(row, 'IsCustom') && !used.has(textAt(row, 'ProfileId')));
      return {
        status: unused.length > 0 ? 'warn' : 'pass',
        evidence: `${unused.length} custom profiles have no active user.`,
        details: unused.map((row) => textAt(row, 'Profile.Name')),
      };
    },
  },
  {
    id: 'unused_permission_sets',
    title: 'Permission sets without users',
    category: 'access',
    weight: 1,
    permission: 'View Setup and Configuration',
    advice: 'Delete custom permission sets that no user has.',
    sources: [
      query(
        'SELECT Id, Name, Label, IsCustom, Type FROM PermissionSet WHERE IsOwnedByProfile = false AND Id NOT IN (SELECT PermissionSetId FROM PermissionSetAssignment)',
        'all',
      ),
    ],
    judge(readings) {
      const unused = rowsOf(readings).filter((row) => isTrue(row, 'IsCustom'));
      return {
        status: unused.length > 0 ? 'warn' : 'pass',
        evidence: `${unused.length} custom permission sets are assigned to no user.`,
        details: unused.map((row) => textAt(row, 'Label')),
      };
    },
  },
];
