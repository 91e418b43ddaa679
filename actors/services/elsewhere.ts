import type { Elsewhere } from './answer.ts';
import type { ServiceSharing } from './seams.ts';

/**
 * What is about a PN goes to the server that looks after it.
 * @param subjectOf where a server takes what is handed over to it
 */
export function elsewhere<Question extends { readonly pnId: string }>(
  sharing: ServiceSharing,
  subjectOf: (serverId: string) => string,
): Elsewhere<Question> {
  const { id } = sharing;
  return {
    subject: subjectOf(id),
    subjectFor: ({ pnId }) => {
      const owner = sharing.ownerOf(pnId);
      return owner === id ? null : subjectOf(owner);
    },
    takenHereSince: ({ pnId }) => sharing.mineSince(pnId),
  };
}
