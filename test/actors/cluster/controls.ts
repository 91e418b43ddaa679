import { Membership } from '../../../actors/cluster/membership.ts';
import { SimulatedClock } from '../../../seams/clock.ts';
import { SeededEntropy } from '../../../seams/entropy.ts';
import { RecordedLog } from '../../../seams/log.ts';
import { MemoryNetwork } from '../../../wire/memory.ts';
import type { Wire } from '../../../wire/port.ts';
import { MemoryDisk, MemoryJournal } from '../../../journal/memory.ts';

export interface Member {
  readonly membership: Membership;
  readonly wire: Wire;
  readonly journal: MemoryJournal;
}

/** Processes on one simulated disk and network. */
export class Members {
  readonly clock = new SimulatedClock();
  readonly log = new RecordedLog();
  readonly network = new MemoryNetwork({ clock: this.clock, log: this.log });
  readonly disk = new MemoryDisk();

  make(name: string): Member {
    const { clock, log } = this;
    const journal = new MemoryJournal({ disk: this.disk, shared: clock });
    const wire = this.network.connect(name);
    const { leases } = journal;
    if (leases === null) throw new Error('This journal is not shared.');
    return {
      wire,
      journal,
      membership: new Membership({ leases, wire, clock, log, entropy: new SeededEntropy(name) }),
    };
  }

  async joined(name: string): Promise<Member> {
    const member = this.make(name);
    await member.membership.join();
    member.membership.announce();
    await this.settle();
    return member;
  }

  /** Everything that was sent arrives, and what it leads to. */
  async settle(): Promise<void> {
    for (let turn = 0; turn < 4; turn++) await new Promise((resolve) => setImmediate(resolve));
  }

  async pass(ms: number): Promise<void> {
    for (const until = this.clock.now() + ms; this.clock.now() < until; await this.settle())
      this.clock.advance(Math.min(50, until - this.clock.now()));
  }
}
