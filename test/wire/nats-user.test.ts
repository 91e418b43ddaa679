import { expect, test } from 'vitest';
import { connectNats } from '../../wire/nats.ts';
import { natsUser, newNatsSeed } from '../../wire/nats-user.ts';
import { type NatsServer, startNatsServer } from '../../cli/nats-server.ts';
import { wireContract } from './contract.ts';

const user = natsUser(newNatsSeed());

let server: NatsServer | null = null;

wireContract('a real nats-server, as a user with an inbox of its own', {
  start: async () => {
    const config = `authorization: { users: [{ nkey: ${user?.publicKey} }] }`;
    server = await startNatsServer({ config });
  },
  stop: async () => {
    await server?.stop();
  },
  connect: (name, log) => connectNats({ servers: server?.url ?? '', name, log, user }),
});

test('every seed is another, and names its user and its inbox', () => {
  const [one, other] = [newNatsSeed(), newNatsSeed()];
  expect(one).toMatch(/^SU[A-Z2-7]{56}$/);
  expect(one).not.toBe(other);
  expect(natsUser(one)?.publicKey).toMatch(/^U[A-Z2-7]{55}$/);
  expect(natsUser(one)?.inbox).toBe(`_INBOX.${natsUser(one)?.publicKey}`);
  expect(natsUser(one)?.inbox).not.toBe(natsUser(other)?.inbox);
});

test('a text that is no seed of a user, or a mistyped one, is none', () => {
  const seed = newNatsSeed();
  const mistyped = `${seed.slice(0, 20)}${seed[20] === 'A' ? 'B' : 'A'}${seed.slice(21)}`;
  for (const text of [
    '',
    'SU',
    seed.slice(1),
    `${seed}A`,
    seed.toLowerCase(),
    mistyped,
    natsUser(seed)?.publicKey ?? '',
  ])
    expect([text, natsUser(text)]).toEqual([text, null]);
});
