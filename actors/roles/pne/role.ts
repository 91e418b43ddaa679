import { streamOf } from '../../../machines/streams.ts';
import { deviceHears } from '../../../messages/subjects.ts';
import type { HandlersOf, Role } from '../../loop/role.ts';
import type { PneDevice } from './device.ts';
import { notice, pairingAnswer, pneRegistrationHandlers, registrationAnswer, sealedText } from './registration.ts';

/** The role of one or many PNEs in a process. */
export function pneRole(devices: readonly PneDevice[]): Role {
  const known = new Set(devices.map(({ deviceId }) => deviceId));
  const handlers: HandlersOf<'pne'> = { 'pne/registration': pneRegistrationHandlers(devices) };
  return {
    name: 'pne',
    busy: 503,
    subscriptions: devices.flatMap(({ deviceId }) => deviceHears(deviceId)).map((pattern) => ({ pattern })),
    handlers,
    route({ content, deviceId }) {
      if (deviceId === null || !known.has(deviceId)) return { kind: 'drop', reason: 'not a device of this process' };
      return content.type === 'data'
        ? { kind: 'data' }
        : { kind: 'actor', stream: streamOf('pne/registration', { deviceId }) };
    },
    decide(message, stream, scope) {
      const { content } = message;
      if (content.leg !== 'link.down') return { kind: 'ignore', reason: 'not for a PNE' };
      switch (content.type) {
        case 'pairing-response':
          return pairingAnswer(message, content.body.code, stream);
        case 'registration-response':
          return registrationAnswer(message, content.body, stream, scope);
        case 'sealed':
          return sealedText(content, stream, scope);
        case 'data':
          return { kind: 'ignore', reason: 'for no actor' };
        case 'notice':
          return notice(message, content.body.code, stream, scope);
      }
    },
    refusal: () => null,
    notice: () => null,
  };
}
