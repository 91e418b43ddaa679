import { once } from 'node:events';
import type { Socket } from 'node:net';
import { connect, createServer } from 'node:net';

/** What happens to the next commit that passes. */
type Fate = 'passes' | 'is lost before the server' | 'is under way when it is lost' | 'is done and its answer lost';

/** What happens to what the server announces to those that listen. */
type Announced = 'announced' | 'lost';

export interface Proxy {
  /** The address with the proxy in between. */
  url(server: string): string;
  fate: Fate;
  announcements: Announced;
  /** How many commits and announcements were lost so far. */
  readonly lost: number;
  close(): void;
}

/** `commit` as a message Q of the protocol, and the tag that the server answers it with. */
const ASKED = Buffer.from('Q\0\0\0\x0bcommit\0', 'latin1');
const ANSWERED = Buffer.from('COMMIT\0', 'latin1');
const ANNOUNCEMENT = 'A'.charCodeAt(0);

/** A message NotificationResponse of the protocol, alone: whoever listens waits for nothing else. */
const isAnnouncement = (data: Buffer): boolean =>
  data[0] === ANNOUNCEMENT && data.length > 4 && data.length === 1 + data.readInt32BE(1);

/** Stands between a journal and its server, and cuts the connection at a commit: before it, or between it and its answer. */
export async function startProxy(socketFolder: string): Promise<Proxy> {
  const sockets = new Set<Socket>();
  let lost = 0;
  const proxy: Proxy = {
    url: (server) => server.replace('@/', `@127.0.0.1:${port}/`).replace(/host=[^&]*&?/, ''),
    fate: 'passes',
    announcements: 'announced',
    get lost() {
      return lost;
    },
    close: () => {
      listener.close();
      for (const socket of sockets) socket.destroy();
    },
  };
  const listener = createServer((client) => {
    const server = connect(`${socketFolder}/.s.PGSQL.5432`);
    const cut = (): void => {
      client.destroy();
      server.destroy();
    };
    const pass = (from: Socket, to: Socket, mark: Buffer, losing: readonly Fate[]): void => {
      sockets.add(from);
      from.on('error', cut).on('close', cut);
      from.on('data', (data) => {
        const { fate } = proxy;
        if (proxy.announcements === 'lost' && from === server && isAnnouncement(data)) lost += 1;
        else if (!losing.includes(fate) || !data.includes(mark)) to.write(data);
        else {
          proxy.fate = 'passes';
          lost += 1;
          if (fate === 'is under way when it is lost') to.write(data, cut);
          else cut();
        }
      });
    };
    pass(client, server, ASKED, ['is lost before the server', 'is under way when it is lost']);
    pass(server, client, ANSWERED, ['is done and its answer lost']);
  });
  listener.listen(0, '127.0.0.1');
  await once(listener, 'listening');
  const address = listener.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return proxy;
}
