import type { Context } from '@busbar/core';
import { TagsAnswer } from '../schemas.ts';
import type { Send } from './send.ts';

export const tagOperations = (send: Send) => ({
  /**
   * Adds (PUT) or removes (DELETE) tags and returns all tags that the ticket has afterwards. The request is safe to repeat, because a
   * repetition changes nothing more. With `updatedAt`, it is never repeated, because Zendesk refuses the second request if it carried out
   * the first.
   */
  async applyTags(id: number, method: 'PUT' | 'DELETE', tags: readonly string[], updatedAt: string | undefined, context: Context) {
    const answer = await send(
      {
        method,
        path: '/api/v2/tickets/{id}/tags',
        params: { id },
        body: { json: { tags, ...(updatedAt !== undefined && { safe_update: 'true', updated_stamp: updatedAt }) } },
        limit: 'ticket-updates',
        retry: updatedAt === undefined ? 'safe' : 'never',
        ifLost: `Read ticket ${id} with zendesk_get_ticket and call again only if its tags are not yet as you want them.`,
        // Zendesk answers a removal with an empty body.
        response: method === 'DELETE' ? TagsAnswer.optional() : TagsAnswer,
      },
      context,
    );
    return answer?.tags ?? (await readTags(send, context, id));
  },
});

async function readTags(send: Send, context: Context, ticket: number): Promise<readonly string[]> {
  const request = { method: 'GET', path: '/api/v2/tickets/{ticket}/tags', params: { ticket }, response: TagsAnswer } as const;
  return (await send(request, context)).tags;
}
