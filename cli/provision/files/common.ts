import type { z } from 'zod';
import type { Principal } from '../../../security/pki/identity.ts';
import type { HouseholdPne } from '../../config/household.ts';
import type { certificateFiles } from '../../config/pki.ts';
import type { Addition, ConfigFile } from '../entries.ts';
import { filesOf, SERVER_FILES } from '../pki-files.ts';

/** What the files of the operator directory have in common. */

export const HEADER = ' Written by cpns provision, which adds to it and changes nothing in it.\n';
export const header = (command: string): string =>
  `${HEADER} Use: ${command}. Relative paths start at the folder of this file.`;

export const differing = (what: string, inFile: string | undefined, wanted: string): readonly string[] =>
  inFile === wanted ? [] : [`${what} is ${inFile ?? 'not given'}, the household says ${wanted}`];

export const appended = (
  path: readonly (string | number)[],
  wanted: readonly string[],
  there: readonly string[],
): readonly Addition[] =>
  wanted.filter((value) => !there.includes(value)).map((value) => ({ path, value, kind: 'append' }));

/** What new files say about NATS. */
export interface NatsForRoles {
  readonly url: string;
  /** Certificates in the operator directory that trust the server; null: those of the system. */
  readonly caFile: string | null;
}

export interface NatsFields {
  readonly nats: string[];
  readonly natsSeedFile: string;
  readonly natsCa?: string;
}

/** @param toRoot from the folder of the file to the operator directory */
export const natsOf = ({ url, caFile }: NatsForRoles, natsSeedFile: string, toRoot: '' | '../'): NatsFields => ({
  nats: [url],
  natsSeedFile,
  ...(caFile === null ? {} : { natsCa: `${toRoot}${caFile}` }),
});

export type Merged = ReturnType<ConfigFile<never>['merge']>;

/** A file of a version that knew no NATS users gets one. */
export function mergeNats(
  current: { readonly natsSeedFile?: string | undefined; readonly natsCa?: string | undefined },
  { natsSeedFile, natsCa }: NatsFields,
): Merged {
  const put = (field: 'natsSeedFile' | 'natsCa', value: string | undefined): readonly Addition[] =>
    current[field] === undefined && value !== undefined ? [{ path: [field], value, kind: 'put' }] : [];
  return {
    add: [...put('natsSeedFile', natsSeedFile), ...put('natsCa', natsCa)],
    differs:
      natsCa === undefined || current.natsCa === undefined || current.natsCa === natsCa
        ? []
        : [`natsCa is ${current.natsCa}, not ${natsCa}`],
  };
}

/** A path in the operator directory, as a file in one of its folders names it. */
export function seenFrom(from: '' | 'pnes/' | 'gateways/', file: string): string {
  if (from === '') return file;
  return file.startsWith(from) ? file.slice(from.length) : `../${file}`;
}

/** The files of a certificate, and the key of the server that goes with it. */
export function certificateOf(
  principal: Principal,
  from: '' | 'pnes/' | 'gateways/',
): z.infer<typeof certificateFiles> {
  const { key, certificate } = filesOf(principal);
  return {
    keyFile: seenFrom(from, key),
    certificateFile: seenFrom(from, certificate),
    serverKeyFile: seenFrom(from, SERVER_FILES.publicKey),
  };
}

/** What is personal about a device: the operator lists it of members, a stranger tells it itself. */
export const personalOf = ({ name, user, mac }: HouseholdPne) => ({
  name,
  ...(user === undefined ? {} : { user }),
  mac,
});
