import { computed, effect, signal } from '@preact/signals';
import type { ActorRow, Entry } from '../../protocol/answers.ts';
import { ask, AskError } from './api.ts';
import { epoch, news, withNews } from './live.ts';
import { route, shownAt, type Filter } from './route.ts';

/** Every actor as it was in the shown moment, by key. */
export const actors = signal<ReadonlyMap<string, ActorRow>>(new Map());
export const actorsError = signal<string | null>(null);
/** Whether they have been here once. */
export const actorsHere = signal(false);

/** Asks for the actors of the shown moment, and keeps them up while it is now. */
export function startActors(): () => void {
  let turn = 0;
  /** What came since it was asked: the answer may lack it. */
  let meanwhile: Entry[] = [];
  const stopAsking = effect(() => {
    const at = shownAt.value;
    void epoch.value;
    const mine = ++turn;
    meanwhile = [];
    const abort = new AbortController();
    ask('actors', { at }, abort.signal).then(
      (answer) => {
        if (mine !== turn) return;
        const rows = new Map(answer.actors.map((row) => [row.key, row]));
        actors.value = at === null ? withNews(rows, meanwhile) : rows;
        actorsError.value = null;
        actorsHere.value = true;
      },
      (error: unknown) => {
        if (mine === turn && error instanceof AskError && error.status !== 0) actorsError.value = error.message;
      },
    );
    return () => abort.abort();
  });
  const stopFollowing = effect(() => {
    const entries = news.value;
    meanwhile.push(...entries);
    if (entries.length > 0 && route.peek().at === null) actors.value = withNews(actors.peek(), entries);
  });
  return () => {
    stopAsking();
    stopFollowing();
  };
}

const mentions = ({ key, chart, type, pn, standing }: ActorRow, text: string): boolean =>
  [key, chart, type, pn ?? '', standing.state].some((said) => said.toLowerCase().includes(text));

function actorMatches(row: ActorRow, { text, role, pn, device, type, journal, failed }: Filter): boolean {
  return (
    (text === undefined || mentions(row, text.toLowerCase())) &&
    (role === undefined || row.role === role) &&
    (pn === undefined || row.pn === pn) &&
    (device === undefined || row.device === device) &&
    (type === undefined || row.type === type) &&
    (journal === undefined || row.journal === journal) &&
    (failed === undefined || isTroubled(row))
  );
}

/** Refused, given up, or not as its chart foresees. */
export const isTroubled = ({ standing: { verdict, state, refusals } }: ActorRow): boolean =>
  verdict === 'deviates' || refusals > 0 || isGivenUp(state);

/** States of the charts in which a registration did not come about. */
export const isGivenUp = (state: string): boolean => /(^|\.)(refused|timedOut|unreachable)(\||$)/.test(state);

export const shownActors = computed(() =>
  [...actors.value.values()].filter((row) => actorMatches(row, route.value.filter)),
);

const distinct = (of: (row: ActorRow) => string | null) =>
  computed(() => [...new Set([...actors.value.values()].flatMap((row) => of(row) ?? []))].toSorted());

export const roles = distinct(({ role }) => role);
export const pns = distinct(({ pn }) => pn);
export const devices = distinct(({ device }) => device);
export const journalNames = distinct(({ journal }) => journal);
