import { z } from 'zod';

const form = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.(sandbox|develop|scratch|demo|patch|trailblaze|free))?$/;

/** The hosts that a person sees in the browser: of the API, of Lightning Experience, and of Setup. */
const orgHost = /^(?:https?:\/\/)?([^/?#]+)\.(?:my\.salesforce\.com|lightning\.force\.com|my\.salesforce-setup\.com)(?:[/?#].*)?$/;

/** Hosts of no single org, such as login and na1, and of domains that Salesforce no longer gives out. */
const sharedHost = /^(?:https?:\/\/)?(?:[a-z]+\d*\.salesforce\.com|[^/?#]+\.(?:cloudforce|database)\.com)(?:[/?#].*)?$/;

/** A sandbox's name with the instance that it ran on, before all orgs had enhanced domains. */
const withInstance = /^[a-z0-9-]+\.[a-z]+\d+$/;

const rule = 'Give the part before .my.salesforce.com alone, such as "acme" or "acme--uat.sandbox"';

/** Takes the name of an org's My Domain, also as part of an address of the org, and in any case. */
export const myDomain = z
  .string()
  .overwrite((text) => text.trim().toLowerCase().replace(orgHost, '$1'))
  .regex(form, {
    error: ({ input }) => {
      if (typeof input !== 'string') return rule;
      if (sharedHost.test(input)) return `This host is not the org’s own: Setup, My Domain, shows the org’s current address. ${rule}`;
      return withInstance.test(input) ? `Write "sandbox" instead of the instance. ${rule}` : rule;
    },
  });
