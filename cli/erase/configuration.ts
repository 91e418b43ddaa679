import { renameSync } from 'node:fs';
import { flushFolderOf, writePrivately } from '../private-file.ts';
import { readDocument } from '../config/document.ts';

const LINE_WIDTH = 120;

/**
 * Takes what is personal about a device out of a configuration of the server, so that nothing tells it to the next one
 * that reads it; the rest of the file and its comments stay.
 * @returns whether there was an entry
 * @throws ConfigError
 */
export function strikeFromConfiguration(file: string, deviceId: string): boolean {
  const { yaml } = readDocument(file, 'public');
  const entry = ['personal', deviceId];
  if (!yaml.hasIn(entry)) return false;
  yaml.deleteIn(entry);
  writePrivately(file, yaml.toString({ lineWidth: LINE_WIDTH }), renameSync);
  flushFolderOf(file);
  return true;
}
