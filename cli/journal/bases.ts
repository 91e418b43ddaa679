import type { ArchiveReader } from '../../journal/port.ts';
import { BasesPass, basesOf, type WrongBase } from '../../replay/bases.ts';
import { Scratch } from '../../replay/scratch/scratch.ts';
import { walk, type JournalSource, type Progress } from '../../replay/source.ts';

export interface BasesReport {
  readonly bases: number;
  readonly wrong: readonly WrongBase[];
}

/** Folds what is archived, and compares with the states that the streams go on from. */
export async function checkBases(
  journal: ArchiveReader,
  source: JournalSource,
  onProgress: (progress: Progress) => void,
): Promise<BasesReport> {
  const scratch = new Scratch();
  try {
    const pass = new BasesPass((await journal.archived())?.upTo ?? 0, scratch);
    await walk(source, [pass], onProgress);
    const wrong: WrongBase[] = [];
    for await (const one of pass.wrong(journal)) wrong.push(one);
    let bases = 0;
    for await (const _ of basesOf(journal)) bases += 1;
    return { bases, wrong };
  } finally {
    scratch.close();
  }
}

export function basesText({ bases, wrong }: BasesReport): string {
  const lines = wrong.map(({ stream, position, says }) => `base of ${stream} at position ${position}: WRONG: ${says}`);
  return [...lines, `${bases} bases, ${bases - wrong.length} are what the archives fold to`].join('\n');
}
