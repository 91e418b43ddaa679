import { personalNetwork } from '../../../machines/cpns-server/personal-network.ts';
import type { Share } from '../../loop/share.ts';
import type { Runtime } from '../../loop/runtime.ts';
import type { Log } from '../../../seams/log.ts';
import type { ServerIdentity } from './identity.ts';
import { endGatewaySession, endPneSessions } from './session-ends.ts';
import { streamOf } from '../../../machines/streams.ts';

export interface ReviewOptions {
  readonly runtime: Runtime;
  readonly identity: ServerIdentity;
  readonly pns: readonly string[];
  readonly share: Share;
  readonly log: Log;
}

/** Has sessions end, through the loop, whose owner would not be taken any more. Which those are, `standing.ts` says. */
export class Review {
  readonly #options: ReviewOptions;
  #under: 'none' | 'once' | 'again' = 'none';

  constructor(options: ReviewOptions) {
    this.#options = options;
  }

  gateway(gatewayId: string): void {
    const { runtime, identity, log } = this.#options;
    const stream = streamOf('cpns-server/gateway-registration', { gatewayId });
    runtime
      .tell(stream, (scope) => endGatewaySession(scope, stream, identity.gatewayCredential(gatewayId, scope.now)))
      .catch((error: unknown) => log.warn('end of a session not kept', { gatewayId, error: String(error) }));
  }

  /** All PNEs that are registered and this process's to look after, one after the other beside what else goes on; asked again meanwhile, once more. */
  pnes(): void {
    if (this.#under !== 'none') {
      this.#under = 'again';
      return;
    }
    this.#under = 'once';
    this.#everyPne()
      .catch((error: unknown) => this.#options.log.warn('sessions not judged', { error: String(error) }))
      .finally(() => {
        const isAskedAgain = this.#under === 'again';
        this.#under = 'none';
        if (isAskedAgain) this.pnes();
      });
  }

  async #everyPne(): Promise<void> {
    const { runtime, identity, pns, share } = this.#options;
    for (const pnId of pns) {
      if (!share.isMine(streamOf('cpns-server/personal-network', { pnId }))) continue;
      const { members } = (await runtime.state(personalNetwork, streamOf('cpns-server/personal-network', { pnId })))
        .context;
      for (const [deviceId, { status }] of Object.entries(members)) {
        // Who has a secret has nothing that could be revoked or run out.
        if (status !== 'registered' || identity.pneCredential(deviceId, runtime.clock.now()).kind === 'psk') continue;
        const stream = streamOf('cpns-server/registration', { pnId, deviceId });
        await runtime.tell(stream, (scope) =>
          endPneSessions(scope, stream, identity.pneCredential(deviceId, scope.now)),
        );
      }
    }
  }
}
