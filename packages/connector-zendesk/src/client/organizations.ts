import type { Context } from '@busbar/core';
import { OrganizationAnswer, OrganizationsAnswer } from '../schemas.ts';
import type { Send } from './send.ts';

export const organizationOperations = (send: Send) => ({
  async getOrganization(context: Context, id: number) {
    const { organization } = await send(context, {
      method: 'GET',
      path: '/api/v2/organizations/{id}',
      params: { id },
      response: OrganizationAnswer,
    });
    return organization;
  },

  /** Finds organizations by their exact name, ignoring case. */
  async findOrganizations(context: Context, name: string) {
    const { organizations } = await send(context, {
      method: 'GET',
      path: '/api/v2/organizations/search',
      query: { name },
      response: OrganizationsAnswer,
    });
    return organizations;
  },
});
