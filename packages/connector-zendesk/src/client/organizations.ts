import type { Context } from '@busbar/core';
import { OrganizationAnswer, OrganizationsAnswer } from '../schemas.ts';
import type { Send } from './send.ts';

export const organizationOperations = (send: Send) => ({
  async getOrganization(id: number, context: Context) {
    const { organization } = await send(
      {
        method: 'GET',
        path: '/api/v2/organizations/{id}',
        params: { id },
        response: OrganizationAnswer,
      },
      context,
    );
    return organization;
  },

  /** Finds organizations by their exact name, ignoring case. */
  async findOrganizations(name: string, context: Context) {
    const { organizations } = await send(
      {
        method: 'GET',
        path: '/api/v2/organizations/search',
        query: { name },
        response: OrganizationsAnswer,
      },
      context,
    );
    return organizations;
  },
});
