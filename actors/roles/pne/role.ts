import { deviceHears } from '../../../messages/subjects.ts';
import type { HandlersOf, Role, Deciders } from '../../loop/role.ts';
import type { PneDevice } from './device.ts';
import { pneRegistrationDeciders, pneRegistrationHandlers } from './registration.ts';

/** The role of one or many PNEs in a process. */
export function pneRole(devices: readonly PneDevice[]): Role {
  const known = new Set(devices.map(({ deviceId }) => deviceId));
  const deciders: Deciders<'pne'> = pneRegistrationDeciders;
  const handlers: HandlersOf<'pne'> = { 'pne/registration': pneRegistrationHandlers(devices) };
  return {
    name: 'pne',
    busy: 503,
    subscriptions: devices.flatMap(({ deviceId }) => deviceHears(deviceId)).map((pattern) => ({ pattern })),
    isForeign: ({ deviceId }) => deviceId === null || !known.has(deviceId),
    deciders,
    handlers,
  };
}
