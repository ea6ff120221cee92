import type { Context } from '@busbar/core';
import type { Audit } from './schemas.ts';

/** Returns the event of the comment that a write added. */
export const writtenComment = (audit: Audit | null | undefined) => audit?.events?.find(({ type }) => type === 'Comment');

/**
 * Whether the requester sees the comment that a write added: Zendesk makes a note of every comment of an agent who may not write public
 * ones, and reports success. Warns if it is not as it was meant.
 */
export function isPublic(audit: Audit | null | undefined, meant: boolean, context: Context): boolean {
  const written = writtenComment(audit)?.public ?? meant;
  if (meant && !written)
    context.warn(
      'Zendesk kept this comment as an internal note, which the requester does not see. Someone must let the connection’s user write public comments.',
    );
  if (!meant && written) context.warn('Zendesk made this comment public: the requester sees it.');
  return written;
}
