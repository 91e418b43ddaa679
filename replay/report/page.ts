import { html, Markup, type Piece } from '../html.ts';
import type { InventoryState } from '../state.ts';
import type { Finding } from '../finding.ts';
import type { Judged, JournalVerdict } from '../verdict.ts';
import type { Facts, Listed } from './facts.ts';
import { reasonPhrase, RESPONSE_CODE_VALUES } from '../../events/codes.ts';
import { barPlot, latencyPlot, quantile, timelinePlot, type BarRow, type TimelinePart } from './plots.ts';
import { REPORT_STYLE } from './style.ts';

/** All that a report shows. The same content gives the same page. */
export interface ReportContent {
  readonly judged: Judged;
  readonly facts: Facts;
  /** By journal: PN Inventories at the first and at the last moment that the report is about. */
  readonly inventories: readonly InventoryPair[];
  /** Commands that make this report, and look into its journals, again. */
  readonly commands: readonly { readonly says: string; readonly command: string }[];
}

export interface InventoryPair {
  readonly journal: string;
  readonly positions: readonly [before: number, after: number];
  readonly before: readonly InventoryState[];
  readonly after: readonly InventoryState[];
}

/** One page of HTML that needs nothing but itself: no script, no file beside it, no network. */
export function reportPage(content: ReportContent): string {
  const { verdict } = content.judged;
  const word = verdict.verdict === 'DEVIATIONS' ? `DEVIATIONS ${verdict.deviations}` : verdict.verdict;
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'" />
        <title>CPNS audit: ${word}</title>
        <style>
          ${new Markup(REPORT_STYLE)}
        </style>
      </head>
      <body>
        <main>
          <h1>Audit of CPNS journals</h1>
          <p class="soft">cpns ${verdict.tool.version}, verdict <span class="id">${verdict.hash}</span></p>
          <nav aria-label="Sections">
            <a href="#checked">Checked</a><a href="#activity">Activity</a><a href="#deviations">Deviations</a
            ><a href="#failures">Failures</a><a href="#keys">Keys</a><a href="#inventory">Inventory</a
            ><a href="#again">Run it again</a>
          </nav>
          ${verdictBox(content, word)} ${checkedSection(content.judged)} ${activitySection(content.facts)}
          ${deviationSection(content.judged)}
          ${listSection('failures', 'Failures and refusals', content.facts.failures, 'No event tells of a failure or a refusal.')}
          ${listSection('keys', 'Keys, certificates and the journal itself', content.facts.keys, 'No event tells of a key.')}
          ${inventorySection(content.inventories)} ${appendix(content)}
        </main>
      </body>
    </html> `.text;
}

const MEANS: { readonly [word in Judged['verdict']['verdict']]: string } = {
  CONFORMANT: 'The record is whole, and everyone in it kept to the rules.',
  DEVIATIONS: 'The record is whole, and not everyone in it kept to the rules.',
  TAMPERED: 'The record is not what was written.',
  INCOMPLETE: 'What could be judged is in order; a part could not be judged.',
};

function verdictBox({ judged, facts }: ReportContent, word: string): Markup {
  const { verdict, journals } = judged.verdict;
  const faults = journals.reduce((sum, one) => sum + one.faults.length, 0);
  const failed = facts.failures.total;
  return html`<div class="verdict ${verdict}">
    <strong>${word}</strong>
    <p>${MEANS[verdict]}</p>
    <p class="soft">
      ${journals.length} journals, ${facts.events} events; ${faults} faults of integrity, ${judged.verdict.deviations}
      deviations, ${failed} failures and refusals, which are part of an orderly record.
    </p>
    ${firstWrong(judged)}
  </div>`;
}

/** So many places where something is wrong stand beside the verdict; the first ones mostly explain the others. */
const MAX_FIRST = 3;

function firstWrong({ verdict, names }: Judged): Markup {
  const { journals, findings, deviations } = verdict;
  const at = (journal: number, position: number): string => `${names[journal] ?? ''}, position ${position}`;
  const faults = journals.flatMap((one, index) =>
    one.faults.map(({ kind, position, says }) => `${at(index, position)}: ${kind}: ${says}`),
  );
  const deviating = findings.map(({ rule, journal, position, says }) => `${at(journal, position)}: ${rule}: ${says}`);
  const all = [...faults, ...deviating].slice(0, MAX_FIRST);
  const count = faults.length + deviations;
  if (count === 0) return html``;
  return html`<ul>
      ${all.map((says) => html`<li>${says}</li>`)}
    </ul>
    <p><a href="#deviations">${count === all.length ? 'More of this' : `All ${count}`}</a></p>`;
}

function tableOf(head: readonly string[], rows: readonly (readonly Piece[])[], numbers: ReadonlySet<number>): Markup {
  const cell = (tag: 'td' | 'th', piece: Piece, index: number): Markup => {
    const kind = numbers.has(index) ? ' class="n"' : '';
    return tag === 'td'
      ? html`<td${new Markup(kind)}>${piece}</td>`
      : html`<th scope="col" ${new Markup(kind)}>${piece}</th>`;
  };
  return html`<div class="wide" tabindex="0" role="region" aria-label="${head.join(', ')}">
    <table>
      <thead>
        <tr>
          ${head.map((name, i) => cell('th', name, i))}
        </tr>
      </thead>
      <tbody>
        ${rows.map(
          (row) =>
            html`<tr>
              ${row.map((piece, i) => cell('td', piece, i))}
            </tr> `,
        )}
      </tbody>
    </table>
  </div>`;
}

const SIGNED: { readonly [kind in JournalVerdict['signatures']]: (journal: JournalVerdict) => string } = {
  none: () => 'no key was given',
  unsigned: () => 'not by a key that was given',
  checked: ({ signedUpTo }) => `the first ${signedUpTo} events`,
};

const UNSIGNED = { none: 'no public key was given', unsigned: 'none of the keys that were given signed it' } as const;

function checkedSection({ verdict, names }: Judged): Markup {
  const rows = verdict.journals.map((journal, index): readonly Piece[] => [
    names[index] ?? '',
    journal.copyOf === null
      ? journal.owner
      : [journal.owner, html`<p class="soft">a copy of ${names[journal.copyOf] ?? ''}</p>`],
    journal.events,
    SIGNED[journal.signatures](journal),
    journal.faults.length,
    html`<span class="id">${journal.root}</span>`,
  ]);
  const charts = verdict.journals.flatMap(({ charts: used }, index) =>
    used.map(({ id, hash, events, known }): readonly Piece[] => [
      names[index] ?? '',
      id,
      known === 'unknown' ? 'not known to this program' : 'known',
      events,
      html`<span class="id">${hash.slice(0, 16)}</span>`,
    ]),
  );
  const unchecked = [
    ...verdict.notChecked.map(({ journal, says }) => `${names[journal] ?? ''}: ${says}`),
    ...verdict.journals.flatMap(({ signatures }, index) =>
      signatures === 'checked' ? [] : [`${names[index] ?? ''}: signatures: ${UNSIGNED[signatures]}`],
    ),
  ];
  return html`<h2 id="checked">What was checked</h2>
    <p>
      Positions without a gap, versions of every stream without a gap, the hash of every event, the Merkle tree over all
      of them, what was signed of it; every stream folded through its chart; the flow rules over all journals together.
    </p>
    ${tableOf(['Journal', 'Of', 'Events', 'Signed', 'Faults', 'Merkle root (RFC 6962)'], rows, new Set([2, 4]))}
    <h3>Charts that events were taken under</h3>
    ${tableOf(['Journal', 'Chart', 'Law', 'Events', 'Hash'], charts, new Set([3]))}
    <h3>What was not checked</h3>
    ${
      unchecked.length === 0
        ? html`<p>Nothing.</p>`
        : html`<ul>
            ${unchecked.map((says) => html`<li>${says}</li>`)}
          </ul>`
    }`;
}

const EVENTS: readonly TimelinePart[] = [{ kind: 'plain', label: 'events', of: ({ events }) => events }];
const REGISTRATIONS: readonly TimelinePart[] = [
  { kind: 'good', label: 'registered', of: ({ registered }) => registered },
  { kind: 'bad', label: 'refused', of: ({ refused }) => refused },
];

function activitySection(facts: Facts): Markup {
  const { outcomes, outcomesBy, latencies, timeline, byType } = facts;
  const codes = RESPONSE_CODE_VALUES.filter((code) => outcomes.has(code)).map((code): BarRow => ({
    label: `${code} ${reasonPhrase(code)}`,
    count: outcomes.get(code) ?? 0,
    kind: code === 200 ? 'good' : 'bad',
  }));
  const types = [...byType].toSorted(([a, m], [b, n]) => n - m || (a < b ? -1 : 1));
  return html`<h2 id="activity">What happened</h2>
    <h3>Events over time</h3>
    <p class="soft">Each bar is a sixtieth of the time.</p>
    ${timelinePlot('Events over time', timeline, EVENTS)}
    <h3>Registrations over time</h3>
    <p class="legend soft">
      As the ${outcomesBy ?? 'journals'} recorded them.<span class="g">registered</span><span class="b">refused</span>
    </p>
    ${timelinePlot('Registrations over time', timeline, REGISTRATIONS)}
    <h3>How registrations ended</h3>
    ${
      codes.length === 0
        ? html`<p>None was answered.</p>`
        : html`<p class="soft">As the ${outcomesBy ?? ''} recorded it.</p>
            ${barPlot('Outcomes of registrations', codes)}`
    }
    <h3>From request to answer, at the PNE</h3>
    ${
      latencies.length === 0
        ? html`<p>No journal of a PNE is at hand, or none had an answer.</p>`
        : html`<p class="soft">
              ${latencies.length} answers; half within ${quantile(latencies, 0.5)} ms, 95 % within
              ${quantile(latencies, 0.95)} ms, all within ${quantile(latencies, 1)} ms.
            </p>
            ${latencyPlot(latencies)}`
    }
    <h3>Events by type</h3>
    <div class="columns">
      ${tableOf(
        ['Recorded by', 'Events'],
        types.map(([type, count]) => [type, count]),
        new Set([1]),
      )}
    </div>`;
}

function deviationSection({ verdict, names }: Judged): Markup {
  const name = (journal: number): string => names[journal] ?? '';
  const faults = verdict.journals.flatMap(({ faults: found }, journal) =>
    found.map(({ kind, position, says }): readonly Piece[] => [name(journal), position, kind, says]),
  );
  const left = verdict.deviations - verdict.findings.length;
  return html`<h2 id="deviations">Faults and deviations</h2>
    ${faults.length === 0 ? html`<p>The record is whole: no event was changed, removed, inserted or moved.</p>` : tableOf(['Journal', 'Position', 'Fault', 'What is wrong'], faults, new Set([1]))}
    ${
      verdict.findings.length === 0
        ? html`<p>No event is against a chart or a rule.</p>`
        : tableOf(
            ['Journal', 'Position', 'Rule', 'Event', 'What is wrong'],
            verdict.findings.map((one) => findingRow(one, name)),
            new Set([1]),
          )
    }
    ${left > 0 ? html`<p>And ${left} more.</p>` : null}`;
}

function findingRow(one: Finding, name: (journal: number) => string): readonly Piece[] {
  const { rule, journal, position, stream, version, type, state, possible, says, other } = one;
  const details = [
    state === null
      ? null
      : html`<p class="soft">state ${JSON.stringify(state)}; possible there: ${possible.join(', ')}</p>`,
    other === null ? null : html`<p class="soft">${name(other.journal)} at ${other.position}: ${other.says}</p>`,
  ];
  return [
    name(journal),
    position,
    rule,
    html`${type}<br /><span class="id">${stream} ${version}</span>`,
    [says, ...details],
  ];
}

function listSection(id: string, title: string, { total, rows }: Listed, none: string): Markup {
  const more = total - rows.length;
  return html`<h2 id="${id}">${title}</h2>
    ${
      rows.length === 0
        ? html`<p>${none}</p>`
        : tableOf(
            ['Recorded', 'Journal', 'Position', 'By', 'What', 'Stream'],
            rows.map(({ recordedAt, journal, position, party, says, stream }) => [
              recordedAt,
              journal,
              position,
              party ?? '',
              says,
              html`<span class="id">${stream}</span>`,
            ]),
            new Set([2]),
          )
    }
    ${more > 0 ? html`<p>And ${more} more; <code>cpns replay export --format csv</code> has all.</p>` : null}`;
}

function inventorySection(pairs: readonly InventoryPair[]): Markup {
  const sections = pairs.flatMap(({ journal, positions, before, after }) =>
    after.map((pn) => {
      const was = before.find(({ pnId, stream }) => pnId === pn.pnId && stream === pn.stream);
      const devices = [...new Set([...(was?.members ?? []), ...pn.members].map(({ deviceId }) => deviceId))].toSorted();
      const of = (state: InventoryState | undefined, id: string): string =>
        state?.members.find(({ deviceId }) => deviceId === id)?.status ?? '-';
      const cpnsId = (id: string): string => pn.members.find(({ deviceId }) => deviceId === id)?.cpnsId ?? '-';
      return html`<h3>${pn.pnId}, in ${journal}</h3>
        <p class="soft">
          Revision ${was?.revision ?? 0} at position ${positions[0]}, ${pn.revision} at position ${positions[1]}.
        </p>
        ${
          devices.length === 0
            ? html`<p>Nobody is in it.</p>`
            : tableOf(
                ['PNE', 'Before', 'After', 'CPNS ID'],
                devices.map((id) => [id, of(was, id), of(pn, id), html`<span class="id">${cpnsId(id)}</span>`]),
                new Set(),
              )
        }`;
    }),
  );
  return html`<h2 id="inventory">PN Inventory, before and after</h2>
    ${sections.length === 0 ? html`<p>No journal here has one.</p>` : sections}`;
}

function appendix({ commands }: ReportContent): Markup {
  return html`<h2 id="again">Run it again</h2>
    <p>
      The same journals give the same verdict, and the same hash, wherever it is run. <code>verdict.json</code> beside
      this page has the verdict for machines.
    </p>
    ${commands.map(
      ({ says, command }) =>
        html`<p class="soft">${says}</p>
          <pre>${command}</pre>`,
    )}`;
}
