import type { Context } from '@busbar/core';
import { UserAnswer, UsersAnswer } from '../schemas.ts';
import { quote } from '../search-query.ts';
import type { Send } from './send.ts';

/** A user's fields as Zendesk names them. `undefined` leaves a field unchanged. */
export interface UserFields {
  readonly name?: string | undefined;
  readonly email?: string | undefined;
  readonly external_id?: string | undefined;
  readonly phone?: string | undefined;
  readonly organization_id?: number | undefined;
  readonly details?: string | undefined;
  readonly notes?: string | undefined;
  readonly tags?: readonly string[] | undefined;
  readonly skip_verify_email?: boolean | undefined;
}

export const userOperations = (send: Send) => ({
  async getCurrentUser(context: Context) {
    const { user } = await send({ method: 'GET', path: '/api/v2/users/me', response: UserAnswer }, context);
    return user;
  },

  async getUser(id: number, context: Context) {
    const { user } = await send({ method: 'GET', path: '/api/v2/users/{id}', params: { id }, response: UserAnswer }, context);
    return user;
  },

  /** Finds users who have this address as their main address or as a further address. */
  async findUsers(email: string, context: Context) {
    const query = { query: `email:${quote(email)}` };
    const { users } = await send({ method: 'GET', path: '/api/v2/users/search', query, response: UsersAnswer }, context);
    return users;
  },

  /**
   * Finds a user by e-mail address or external id and updates the user, or creates the user if there is none. A repeated request finds the
   * user that the first request created.
   */
  async createOrUpdateUser(user: UserFields, context: Context) {
    const { user: written } = await send(
      {
        method: 'POST',
        path: '/api/v2/users/create_or_update',
        body: { json: { user } },
        retry: 'safe',
        ifLost: 'Look with zendesk_get_user, or call again with the same values: that makes no second user.',
        response: UserAnswer,
      },
      context,
    );
    return written;
  },
});
