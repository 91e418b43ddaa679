import { Meter } from '../sessions/data/meter.ts';
import type { Pne, UsageSettings } from '../sessions/data/usage.ts';
import type { StreamEvent } from '../loop/role.ts';
import type { Runtime, RuntimeOptions } from '../loop/runtime.ts';
import type { UsageSum } from '../../events/fields.ts';
import { serverUsage } from './cpns-server/charging.ts';
import { relayedUsage } from './pn-gateway/usage.ts';
import { streamOf, idsOf } from '../../machines/streams.ts';

/** The meters of a PN GW and of a server: what they sum becomes events of their charts. */

type Seams = Pick<RuntimeOptions, 'clock' | 'log' | 'journal'>;
type Tell = Runtime['tell'];

/** @param tell of the runtime that the meter stands beside */
export function gatewayMeter(gatewayId: string, { clock, log }: Seams, settings: UsageSettings, tell: Tell): Meter {
  const record = (pne: Pne, events: readonly UsageSum[][]): Promise<'taken' | 'refused'> =>
    tell(streamOf('pn-gateway/usage', { gatewayId, deviceId: pne.deviceId }), () =>
      events.map((usage) => relayedUsage(gatewayId, pne, usage)),
    );
  return new Meter({ clock, log, settings, record });
}

/** The server's knows when a session ends: then it records what was counted in it. */
export class ServerMeter extends Meter {
  readonly #unlisten: () => void;

  constructor({ clock, log, journal }: Seams, settings: UsageSettings, tell: Tell) {
    const record = ({ pnId, deviceId }: Pne, events: readonly UsageSum[][]): Promise<'taken' | 'refused'> =>
      tell(streamOf('cpns-server/charging', { pnId, deviceId }), (): readonly StreamEvent[] =>
        events.map((usage) => serverUsage(pnId, deviceId, usage)),
      );
    super({ clock, log, settings, record });
    this.#unlisten = journal.onCommit((events) => {
      for (const { type, stream } of events) {
        if (type === 'SecureSessionClosed') this.flush(idsOf('cpns-server/registration', stream));
      }
    });
  }

  override async stop(): Promise<void> {
    this.#unlisten();
    await super.stop();
  }
}
