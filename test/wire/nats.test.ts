import { connectNats } from '../../wire/nats.ts';
import { type NatsServer, startNatsServer } from '../../cli/nats-server.ts';
import { wireContract } from './contract.ts';

let server: NatsServer | null = null;

wireContract('a real nats-server', {
  start: async () => {
    server = await startNatsServer();
  },
  stop: async () => {
    await server?.stop();
  },
  connect: (name, log) => connectNats({ servers: server?.url ?? '', name, log }),
});
