import { JournalError } from '../../../journal/port.ts';
import { openSqliteEvidence } from '../../../journal/sqlite/evidence.ts';
import { openSqliteJournal, openSqliteReader } from '../../../journal/sqlite/open.ts';
import { any, appendTo, outboxRow } from '../controls.ts';

/** Run as a process of its own, by the tests that kill it or let it run as somebody else. */
const [verb, file = ''] = process.argv.slice(2);

/** Commits without end, eight actors at once, and prints a message's key once it is acknowledged. */
async function commitForEver(): Promise<void> {
  const journal = await openSqliteJournal(file);
  const actor = async (name: string): Promise<never> => {
    for (let i = 0; ; i++) {
      const messageKey = `${name}/${i}`;
      const outbox = { put: [outboxRow(messageKey)], settle: i === 0 ? [] : [`${name}/${i - 1}`] };
      await journal.commit({ ...appendTo(name, any, `E${i}`, `E${i}b`), messageKey, outbox });
      process.stdout.write(`${messageKey}\n`);
    }
  };
  await Promise.all(Array.from({ length: 8 }, (_, i) => actor(`actor-${i}`)));
}

try {
  if (verb === 'commit') await commitForEver();
  else {
    const evidence = verb === 'evidence' ? await openSqliteEvidence(file) : null;
    const journal = evidence?.reader ?? (await (verb === 'open' ? openSqliteJournal : openSqliteReader)(file));
    process.stdout.write(`head ${await journal.head()}\n`);
    await (evidence ?? journal).close();
  }
} catch (error) {
  process.stdout.write(error instanceof JournalError ? `${error.name} ${error.fault}\n` : `${String(error)}\n`);
}
