import { describe, expect, it } from 'vitest';
import { html } from '../../../replay/html.ts';
import { FactsGatherer, MAX_LISTED } from '../../../replay/report/facts.ts';
import { reportPage } from '../../../replay/report/page.ts';
import { niceCeiling, quantile } from '../../../replay/report/plots.ts';
import type { Judged } from '../../../replay/verdict.ts';
import type { RecordedEvent } from '../../../journal/port.ts';
import { metaOf } from '../../journal/controls.ts';

const JUDGED: Judged = {
  verdict: {
    verdict: 'CONFORMANT',
    deviations: 0,
    tool: { name: 'cpns', version: '0' },
    journals: [],
    findings: [],
    notChecked: [],
    hash: 'abc',
  },
  names: [],
};

function refusal(position: number, from: string): RecordedEvent {
  const data = { message: 'registration-request', from, code: 404, count: 2 };
  const [stream, type] = ['admission/hub/a', 'MessageRefused'];
  const meta = metaOf({ role: 'pn-gateway', chart: { id: 'pn-gateway/admission', hash: 'c0ffee' } });
  return { position, stream, version: position, type, schemaVersion: 1, data, meta };
}

function gathered(events: readonly RecordedEvent[]) {
  const gatherer = new FactsGatherer({ from: 0, to: 1 });
  for (const event of events) gatherer.take({ journal: 'a "journal"', event });
  return gatherer.facts();
}

describe('a template of markup', () => {
  it('takes no value as markup but its own', () => {
    expect(html`<p title="${'"'}">${'<b>'}${html`<i>${'&'}</i>`}${null}${[1, "'"]}</p>`.text).toBe(
      '<p title="&quot;">&lt;b&gt;<i>&amp;</i>1&#39;</p>',
    );
  });
});

describe('the page of a report', () => {
  it('shows what others have sent as text, whatever it is', () => {
    const facts = gathered([refusal(1, '<script>alert(1)</script>')]);
    const page = reportPage({ judged: JUDGED, facts, inventories: [], commands: [] });
    expect(page).not.toContain('<script>');
    expect(page).toContain('&lt;script&gt;alert(1)&lt;/script&gt;, 2 times');
  });

  it('names beside the verdict where the first faults are, and what was not checked', () => {
    const journal = {
      owner: 'cpns-server',
      events: 9,
      root: 'r',
      signatures: 'unsigned',
      signedUpTo: 0,
      faults: [3, 4, 5, 6].map((position) => ({ kind: 'changed', position, says: 'is another' }) as const),
      charts: [],
      copyOf: null,
    } as const;
    const verdict = { ...JUDGED.verdict, verdict: 'TAMPERED', journals: [journal] } as const;
    const content = { facts: gathered([]), inventories: [], commands: [] };
    const page = reportPage({ ...content, judged: { verdict, names: ['server.sqlite'] } });
    const box = page.slice(page.indexOf('<strong>TAMPERED'), page.indexOf('id="checked"'));
    expect(box.match(/server\.sqlite, position \d: changed: is another/g)).toHaveLength(3);
    expect(box).toContain('<a href="#deviations">All 4</a>');
    expect(page).toContain('server.sqlite: signatures: none of the keys that were given signed it');
    expect(reportPage({ ...content, judged: JUDGED })).not.toContain('<a href="#deviations">All');
  });

  it('stays readable for a flood of refusals, and says how many there are', () => {
    const facts = gathered(Array.from({ length: MAX_LISTED + 7 }, (_, i) => refusal(i + 1, 'a')));
    const page = reportPage({ judged: JUDGED, facts, inventories: [], commands: [] });
    expect(facts.failures.rows).toHaveLength(MAX_LISTED);
    expect(page).toContain('And 7 more;');
  });
});

describe('the axes and figures of plots', () => {
  it('end at a number that people read', () => {
    expect([0, 1, 3, 7, 11, 20, 499, 501].map(niceCeiling)).toEqual([1, 1, 5, 10, 20, 20, 500, 1000]);
  });

  it('name the value that a share is not above', () => {
    const values = Array.from({ length: 100 }, (_, i) => i + 1);
    expect([0.5, 0.95, 1].map((share) => quantile(values, share))).toEqual([50, 95, 100]);
    expect(quantile([7], 0.5)).toBe(7);
  });
});
