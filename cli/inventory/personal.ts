import type { Log } from '../../seams/log.ts';
import { personalOf, type PersonalReader } from '../../actors/roles/cpns-server/subject/read.ts';
import { WireError, type Wire } from '../../wire/port.ts';
import {
  MAX_SUBJECTS,
  PersonalReply,
  PersonalRequest,
  type InventoryAnswer,
  type PersonalState,
} from '../../messages/queries.ts';
import { answerQuery, refusal } from '../query/answer.ts';
import { askQuery } from '../query/ask.ts';
import { PERSONAL_QUERY } from '../../messages/subjects.ts';

/** What is personal about the devices of an inventory, by device id. */
export type PersonalOfDevices = ReadonlyMap<string, PersonalState>;

/** Answers who uses a device and what it is called, opened for this answer and kept nowhere. */
export function answerPersonal(wire: Wire, reader: PersonalReader, log: Log): void {
  answerQuery(wire, PERSONAL_QUERY, log, async (question): Promise<PersonalReply> => {
    const request = PersonalRequest.safeParse(question).data;
    if (request === undefined) return refusal(400);
    const devices = request.deviceIds.map(async (deviceId) => ({
      deviceId,
      personal: await personalOf(reader, deviceId),
    }));
    return { devices: await Promise.all(devices) };
  });
}

/** Asks the running server for it. @throws WireError, `refused` where this NATS user may not ask, or the server does not answer that */
export async function askPersonal(wire: Wire, deviceIds: readonly string[]): Promise<PersonalOfDevices> {
  const found = new Map<string, PersonalState>();
  for (let first = 0; first < deviceIds.length; first += MAX_SUBJECTS) {
    const question = { deviceIds: deviceIds.slice(first, first + MAX_SUBJECTS) };
    const reply = await askQuery(wire, PERSONAL_QUERY, question, PersonalReply);
    if (!('devices' in reply))
      throw new WireError('refused', `${reply.code} ${reply.reason}`, 'See the log of the server.');
    for (const { deviceId, personal } of reply.devices) found.set(deviceId, personal);
  }
  return found;
}

/** Reads it from a journal. */
export async function readPersonal(reader: PersonalReader, deviceIds: readonly string[]): Promise<PersonalOfDevices> {
  const found = new Map<string, PersonalState>();
  for (const deviceId of deviceIds) found.set(deviceId, await personalOf(reader, deviceId));
  return found;
}

export const devicesOf = (pns: InventoryAnswer['pns']): readonly string[] => [
  ...new Set(pns.flatMap(({ members }) => members.map(({ deviceId }) => deviceId))),
];
