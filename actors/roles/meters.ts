import { Meter } from '../sessions/data/meter.ts';
import type { Pne, UsageSettings } from '../sessions/data/usage.ts';
import type { Targeted } from '../loop/role.ts';
import type { Runtime, RuntimeOptions } from '../loop/runtime.ts';
import type { UsageSum } from '../../events/fields.ts';
import { chargingStream, serverUsage } from './cpns-server/charging.ts';
import { relayedUsage, usageStream } from './pn-gateway/usage.ts';

/** The meters of a PN GW and of a server: what they sum becomes events of their charts. */

type Seams = Pick<RuntimeOptions, 'clock' | 'log' | 'journal'>;
type Tell = Runtime['tell'];

/** @param tell of the runtime that the meter stands beside */
export function gatewayMeter(gatewayId: string, { clock, log }: Seams, settings: UsageSettings, tell: Tell): Meter {
  const record = (pne: Pne, events: readonly UsageSum[][]): Promise<'taken' | 'refused'> =>
    tell(usageStream(gatewayId, pne.deviceId), () => events.map((usage) => relayedUsage(gatewayId, pne, usage)));
  return new Meter({ clock, log, settings, record });
}

/** The server's knows when a session ends: then it records what was counted in it. */
export class ServerMeter extends Meter {
  readonly #unlisten: () => void;

  constructor({ clock, log, journal }: Seams, settings: UsageSettings, tell: Tell) {
    const record = ({ pnId, deviceId }: Pne, events: readonly UsageSum[][]): Promise<'taken' | 'refused'> =>
      tell(chargingStream(pnId, deviceId), (): readonly Targeted[] =>
        events.map((usage) => serverUsage(pnId, deviceId, usage)),
      );
    super({ clock, log, settings, record });
    this.#unlisten = journal.onCommit((events) => {
      for (const { type, stream } of events) {
        const [kind, pnId = '', deviceId = ''] = stream.split('/');
        if (kind === 'registration' && type === 'SecureSessionClosed') this.flush({ pnId, deviceId });
      }
    });
  }

  override async stop(): Promise<void> {
    this.#unlisten();
    await super.stop();
  }
}
