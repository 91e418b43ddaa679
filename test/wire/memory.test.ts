import { createMemoryNetwork, type MemoryNetwork } from '../../wire/memory.ts';
import type { RecordedLog } from '../../seams/log.ts';
import { wireContract } from './contract.ts';

let network: MemoryNetwork | null = null;

wireContract('memory', {
  start: () => Promise.resolve(),
  stop: () => Promise.resolve(),
  connect: (name, log: RecordedLog) => {
    network ??= createMemoryNetwork({ log });
    return network.connect(name);
  },
});
