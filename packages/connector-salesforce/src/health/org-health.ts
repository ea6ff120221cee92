import { accessChecks } from './access.ts';
import { automationChecks } from './automation.ts';
import { codeChecks } from './code.ts';
import { licenceChecks } from './licences.ts';
import { limitChecks } from './limits.ts';
import { platformChecks } from './platform.ts';
import { securityChecks } from './security.ts';
import { sharingChecks } from './sharing.ts';

/** The categories of an org's checks. */
export const orgHealthCategories = ['security', 'limits', 'licences', 'access', 'sharing', 'code', 'automation', 'platform'] as const;

/** Returns all checks of an org. `version`, the API version in use, such as `v64.0`, decides which Apex counts as old. */
export const orgHealthChecks = (version: string) => [
  ...securityChecks,
  ...limitChecks,
  ...licenceChecks,
  ...accessChecks,
  ...sharingChecks,
  ...codeChecks(Number.parseInt(version.slice(1), 10)),
  ...automationChecks,
  ...platformChecks,
];
