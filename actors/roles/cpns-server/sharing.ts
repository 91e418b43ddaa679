import { HandOverWire } from '../../cluster/hand-over.ts';
import type { Membership } from '../../cluster/membership.ts';
import type { Share } from '../../loop/share.ts';
import type { SessionEnd } from '../../sessions/data/port.ts';
import type { Runtime } from '../../loop/runtime.ts';
import type { Clock } from '../../../seams/clock.ts';
import type { Log } from '../../../seams/log.ts';
import type { ServiceSharing } from '../../services/seams.ts';
import type { ReviewedBook } from '../../sessions/wan/session-book.ts';
import type { Wire } from '../../../wire/port.ts';
import type { Review } from './review.ts';
import { parseStream, streamOf, unitOf } from '../../../machines/streams.ts';

/** What a server has in memory that another one may have changed. */
export interface Shared {
  readonly runtime: Runtime;
  readonly session: SessionEnd;
  readonly book: ReviewedBook;
  readonly sessions: Review;
  readonly log: Log;
}

/**
 * How CPNS Servers share out their work: by PN GW. A PN has one, by provisioning, so with it goes all that is of its PNEs;
 * and the frames on the WAN are numbered and told apart in one process.
 */
export class Sharing implements Share, ServiceSharing {
  readonly membership: Membership;
  #handOver: HandOverWire | null = null;
  readonly #gateways: ReadonlyMap<string, string>;

  constructor(membership: Membership, pns: readonly { readonly id: string; readonly gatewayId: string }[]) {
    this.membership = membership;
    this.#gateways = new Map(pns.map(({ id, gatewayId }) => [id, gatewayId]));
  }

  /** The wire of a server that hands over what is another's. */
  over(wire: Wire, seams: { readonly clock: Clock; readonly log: Log }): Wire {
    this.#handOver = new HandOverWire(wire, this.membership, seams);
    return this.#handOver;
  }

  /** For the log: who this is, how many servers there are, and how many messages went on to another. */
  get stats(): {
    readonly id: string;
    readonly servers: number;
    readonly passedOn: number;
    readonly handedToNobody: number;
  } {
    const { passedOn, handedToNobody } = this.#handOver?.stats ?? { passedOn: 0, handedToNobody: 0 };
    return { id: this.id, servers: this.membership.members.length, passedOn, handedToNobody };
  }

  get id(): string {
    return this.membership.id;
  }

  isMine(stream: string): boolean {
    return this.membership.isMine(this.#keyOf(stream));
  }

  ownerOf(pnId: string): string {
    return this.membership.ownerOf(this.#keyOf(streamOf('cpns-server/personal-network', { pnId })));
  }

  mineSince(pnId: string): number {
    return this.membership.mineSince(this.#keyOf(streamOf('cpns-server/personal-network', { pnId })));
  }

  /** From here on nothing is this server's own: what still comes goes to the others, and they take over. */
  giveUp(): Promise<void> {
    return this.membership.leave();
  }

  /** Takes part, and from then on takes over what others leave. @throws JournalError */
  async join({ runtime, session, book, sessions, log }: Shared): Promise<void> {
    this.membership.onChange(({ standing, keeps }) => {
      const keepsStream = (stream: string): boolean => keeps(this.#keyOf(stream));
      session.letGo(keepsStream);
      if (standing === 'left') book.giveUp();
      else book.takeOver((gatewayId) => keepsStream(streamOf('cpns-server/gateway-registration', { gatewayId })));
      runtime.takeUp(keepsStream).then(
        () => sessions.pnes(),
        (error: unknown) => log.warn('nothing taken over yet', { error: String(error) }),
      );
    });
    await this.membership.join();
  }

  /** A PN that the operator does not list any more goes by itself: it has timers all the same. */
  #keyOf(stream: string): string {
    const { ids } = parseStream(stream);
    if ('gatewayId' in ids) return ids.gatewayId;
    return 'pnId' in ids ? (this.#gateways.get(ids.pnId) ?? unitOf(stream)) : stream;
  }
}
