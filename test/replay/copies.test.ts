import { beforeAll, describe, expect, it } from 'vitest';
import { leafHash } from '../../journal/leaf.ts';
import { audit } from '../../replay/audit.ts';
import { judge, type Verdict } from '../../replay/verdict.ts';
import { generated, type Untouched } from './mutations/base.ts';
import { keptOf, rowsSource, type Rows } from './rows.ts';

/** One journal that is given more than once, as a file and its export are, or a copy from before. */

let server: Untouched;
beforeAll(async () => {
  const [first] = await generated('copies');
  if (first === undefined) throw new Error('There is no server.');
  server = first;
});

const firstOf = ({ events }: Rows, count: number): Rows => {
  const some = events.slice(0, count);
  return { events: some, kept: keptOf(some) };
};

/** By somebody who makes all hashes anew. */
function retimed({ events }: Rows, position: number, recordedAt: string): Rows {
  const changed = events.map((event) => {
    if (event.position !== position) return event;
    const other = { ...event, meta: { ...event.meta, recordedAt } };
    return { ...other, leaf: leafHash(other, other.data) };
  });
  return { events: changed, kept: keptOf(changed) };
}

async function verdictOn(journals: readonly Rows[], signed: 'signed' | 'unsigned' = 'unsigned'): Promise<Verdict> {
  const sources = journals.map((rows, index) => rowsSource(`${index}`, rows));
  const { verifier } = server.signer;
  const options =
    signed === 'signed' ? { verifiers: [verifier], brought: [server.kept] } : { verifiers: [], brought: [] };
  return judge(await audit(sources, options), 'test').verdict;
}

const copied = ({ journals }: Verdict) => journals.map(({ copyOf }) => copyOf);

describe('a journal that is given twice', () => {
  it('is judged once, and the second is said to be a copy', async () => {
    const verdict = await verdictOn([server.rows, server.rows]);
    expect(verdict.verdict).toBe('CONFORMANT');
    expect(copied(verdict).toSorted()).toEqual([0, null]);
  });

  it('has each deviation once', async () => {
    const late = retimed(server.rows, 9, 'no time');
    expect(await verdictOn([late])).toMatchObject({ verdict: 'DEVIATIONS', deviations: 1 });
    expect(await verdictOn([late, late])).toMatchObject({ verdict: 'DEVIATIONS', deviations: 1 });
  });
});

describe('a copy from before', () => {
  it('is the beginning of the journal, whatever was signed since', async () => {
    const verdict = await verdictOn([firstOf(server.rows, 20), server.rows], 'signed');
    expect(verdict.journals.map(({ events, faults }) => [events, faults])).toEqual(expect.arrayContaining([[20, []]]));
    expect(verdict.verdict).toBe('CONFORMANT');
    expect(copied(verdict).filter((one) => one !== null)).toHaveLength(1);
  });

  it('shows where a journal was written anew, without any key', async () => {
    const rewritten = retimed(server.rows, 12, '2026-01-01T00:00:00.001Z');
    expect((await verdictOn([rewritten])).verdict).toBe('CONFORMANT');
    const verdict = await verdictOn([firstOf(server.rows, 20), rewritten]);
    expect(verdict.verdict).toBe('TAMPERED');
    for (const { faults } of verdict.journals) expect(faults).toMatchObject([{ kind: 'rewritten', position: 12 }]);
  });

  it('that is not whole itself says nothing against the journal', async () => {
    const [, second, ...others] = server.rows.events;
    const cut = { events: server.rows.events.filter((event) => event !== second), kept: server.rows.kept };
    expect(others.length).toBeGreaterThan(0);
    const verdict = await verdictOn([cut, server.rows]);
    expect(verdict.verdict).toBe('TAMPERED');
    expect(verdict.journals.filter(({ faults }) => faults.length > 0)).toHaveLength(1);
  });
});
