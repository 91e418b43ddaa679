import { execFile } from 'node:child_process';
import { createDecipheriv } from 'node:crypto';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { DiagnosticSeverity, Parser, type AsyncAPIDocumentInterface, type Diagnostic } from '@asyncapi/parser';
import { beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { parse } from 'yaml';
import { MESSAGES } from '../../messages/catalogue.ts';
import {
  ChargingAnswer,
  ChargingRequest,
  InventoryAnswer,
  InventoryRequest,
  PersonalAnswer,
  PersonalRequest,
  QueryRefusal,
} from '../../messages/queries.ts';
import { SealedMessage } from '../../actors/sessions/wan/sealed-wire.ts';
import { eventsOf, isSealed, parseSubject } from '../../messages/subjects.ts';
import { CHART_IDS } from '../../machines/catalogue.ts';
import { RESPONSE_CODES } from '../../events/codes.ts';
import { EVENT_EXAMPLE } from '../../script/asyncapi/document.ts';
import { QUERY_EXAMPLES } from '../../script/asyncapi/queries.ts';
import { ASYNCAPI_FILE } from '../../script/asyncapi/generated.ts';
import { RecordedEvent } from '../../script/asyncapi/observed.ts';
import { EXAMPLES, GATEWAY_SESSION, KEYS, STORY } from '../../script/asyncapi/worked-example.ts';
import { answerRequest, readRequest, writeRequest } from '../security/stranger.ts';
import { readEvent } from '../../fold/decode.ts';
import { decodeMessage } from '../../messages/decode.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const yaml = readFileSync(join(root, ASYNCAPI_FILE), 'utf8');
const guide = readFileSync(join(root, 'docs/wire.md'), 'utf8');

async function parsed(text: string): Promise<{ document: AsyncAPIDocumentInterface | null; said: string[] }> {
  const { document, diagnostics } = await new Parser().parse(text);
  const describeOne = ({ severity, code, message, path }: Diagnostic): string =>
    `${DiagnosticSeverity[severity]} ${code} at ${path.join('/')}: ${message}`;
  return { document: document ?? null, said: diagnostics.map(describeOne) };
}

describe('docs/asyncapi.yaml', () => {
  let document: AsyncAPIDocumentInterface | null;
  let said: string[];
  beforeAll(async () => {
    ({ document, said } = await parsed(yaml));
  });

  test('is AsyncAPI 3.0 without an error or a warning; a later 3.x is the only thing that the parser mentions', () => {
    expect(document?.version()).toBe('3.0.0');
    expect(said.filter((line) => !line.startsWith('Information asyncapi-latest-version'))).toEqual([]);
  });

  test('has a channel for every message on its leg, for the queries, for services, for operators and for the events of every chart', () => {
    const addresses = document
      ?.channels()
      .all()
      .map((channel) => channel.address());
    const messages = MESSAGES.map(({ leg, type }) => {
      const [net, way] = leg.split('.');
      return net === 'link' ? `cpns.link.{gatewayId}.${way}.{deviceId}.${type}` : `cpns.wan.${way}.{gatewayId}.${type}`;
    });
    const queries = [
      'cpns.query.inventory',
      'cpns.query.gateway-inventory.{gatewayId}',
      'cpns.query.personal',
      'cpns.query.waiting',
      'cpns.query.charging',
      null,
      null,
      null,
      null,
    ];
    const services = [
      'cpns.service.{serviceId}.deliver',
      'cpns.service.{serviceId}.send',
      'cpns.operate.{operatorId}',
      null,
    ];
    const observed = CHART_IDS.filter((chart) => !chart.startsWith('journal/'));
    expect(addresses).toEqual([...messages, ...queries, ...services, ...observed.map(eventsOf)]);
  });

  test('has each message sent by one role and received by another, as an operation of its own or as a reply', () => {
    const sent = new Map<string, Set<string>>();
    const note = (channel: string, what: string): void => {
      sent.set(channel, (sent.get(channel) ?? new Set()).add(what));
    };
    for (const operation of document?.operations().all() ?? []) {
      const [role = ''] = operation.id()?.split('.') ?? [];
      expect(
        operation
          .tags()
          .all()
          .map((tag) => tag.name()),
      ).toEqual([role]);
      const { send: from, receive: to } = { send: 'sent', receive: 'received' };
      for (const channel of operation.channels().all()) note(channel.id(), operation.isSend() ? from : to);
      const reply = operation.reply()?.channel();
      if (reply !== undefined) note(reply.id(), operation.isSend() ? to : from);
    }
    for (const channel of document?.channels().all() ?? []) {
      expect([channel.id(), [...(sent.get(channel.id()) ?? [])].toSorted()]).toEqual([
        channel.id(),
        ['received', 'sent'],
      ]);
    }
  });

  test('names correlation id and headers of every message on the wire, and has an example of it; a sealed one shows no id of its own', () => {
    for (const { leg, type } of MESSAGES) {
      const message = document?.components().messages().get(`${leg}.${type}`);
      const sealed = isSealed({ leg, type });
      expect(message?.correlationId()?.location()).toBe(sealed ? undefined : '$message.payload#/correlationId');
      const headers = sealed ? ['Nats-Msg-Id'] : ['Nats-Msg-Id', 'Cpns-Correlation-Id'];
      expect(Object.keys(message?.headers()?.properties() ?? {})).toEqual(headers);
      expect(message?.examples().all().length).toBeGreaterThan(0);
    }
  });

  test('names what a sealed message opens to, and has its examples opened', () => {
    const Sealed = z.object({
      'x-sealed-content': z.string().optional(),
      'x-sealed-examples': z.array(z.object({ name: z.string(), payload: z.unknown() })).default([]),
    });
    const read = z.object({
      components: z.object({ messages: z.record(z.string(), Sealed), schemas: z.record(z.string(), z.unknown()) }),
    });
    const { messages, schemas } = read.parse(parse(yaml)).components;
    for (const { leg, type } of MESSAGES) {
      const { 'x-sealed-content': content, 'x-sealed-examples': examples } = messages[`${leg}.${type}`] ?? {};
      expect(content).toBe(isSealed({ leg, type }) ? `${leg}.${type}` : undefined);
      if (content !== undefined) expect(schemas).toHaveProperty([content]);
      const ofType = isSealed({ leg, type }) ? EXAMPLES.filter((one) => one.leg === leg && one.type === type) : [];
      expect(examples).toEqual(ofType.map(({ name, payload }) => ({ name, payload })));
    }
  });

  test('has the table of response codes', () => {
    const codes = z.object({ 'x-response-codes': z.record(z.string(), z.unknown()) }).parse(parse(yaml));
    expect(codes['x-response-codes']).toEqual(RESPONSE_CODES);
    for (const [code, { reason }] of Object.entries(RESPONSE_CODES)) {
      expect(document?.info().description()).toContain(`| ${code} | ${reason} |`);
    }
  });

  test('has examples that its own schemas take, and schemas that refuse what is off', () => {
    const messages = document?.components().messages().all() ?? [];
    let seen = 0;
    for (const message of messages) {
      const schema = z.fromJSONSchema(message.payload()?.json() ?? false);
      for (const example of message.examples().all()) {
        seen += 1;
        const payload = z.record(z.string(), z.unknown()).parse(example.payload());
        expect([message.id(), example.name(), schema.safeParse(payload).error]).toEqual([
          message.id(),
          example.name(),
          undefined,
        ]);
        const spoilt = Object.keys(payload).map((field) => ({ ...payload, [field]: { wrong: 'type' } }));
        // z.fromJSONSchema lets a union of open objects open the whole of an event.
        const longer = message.id().startsWith('events.') ? [] : [{ ...payload, unheardOf: 1 }];
        for (const one of [...spoilt, ...longer]) {
          expect([message.id(), one, schema.safeParse(one).success]).toEqual([message.id(), one, false]);
        }
      }
    }
    expect(seen).toBe(EXAMPLES.length + Object.values(QUERY_EXAMPLES).flat().length + 1);
  });
});

describe('the worked example', () => {
  test.each(EXAMPLES.map((example) => [example.name, example] as const))(
    '%s is a message that we read',
    (_, example) => {
      const decoded = decodeMessage(example.subject, Buffer.from(JSON.stringify(example.payload)));
      expect(decoded.kind).toBe('message');
      const { leg, type } = example;
      expect(parseSubject(example.subject)).toMatchObject({ leg, type });
    },
  );

  test('is sealed on the WAN, as another implementation seals and opens it', () => {
    const sealed = EXAMPLES.filter((one) => isSealed(one));
    expect(sealed.length).toBeGreaterThan(5);
    for (const { leg, subject, payload, wire } of sealed) {
      const { keyId, start, counter, frame } = SealedMessage.parse(wire);
      const { gateway, server } = GATEWAY_SESSION;
      const [key, direction] = leg === 'wan.up' ? [gateway.sendKey, 1] : [server.sendKey, 2];
      const nonce = Buffer.alloc(12);
      nonce.writeBigUInt64LE((BigInt(start) << 40n) | BigInt(counter), 4);
      const bytes = Buffer.from(frame, 'base64url');
      const decipher = createDecipheriv('chacha20-poly1305', key, nonce, { authTagLength: 16 });
      const parts = [Buffer.from('CPNS frame'), Buffer.of(direction), Buffer.from(keyId), Buffer.from(subject)];
      decipher.setAAD(Buffer.concat(parts), { plaintextLength: bytes.length - 16 });
      decipher.setAuthTag(bytes.subarray(-16));
      const opened = Buffer.concat([decipher.update(bytes.subarray(0, -16)), decipher.final()]);
      expect(JSON.parse(opened.toString('utf8'))).toEqual(payload);
    }
  });

  test('has one of every message', () => {
    const rows = MESSAGES.map(({ leg, type }) => `${leg}/${type}`);
    expect(new Set(EXAMPLES.map(({ leg, type }) => `${leg}/${type}`))).toEqual(new Set(rows));
    expect(new Set(EXAMPLES.map(({ name }) => name)).size).toBe(EXAMPLES.length);
  });

  test('has questions, answers and an event that our decoders take', () => {
    for (const { payload } of QUERY_EXAMPLES['query.inventory-request']) InventoryRequest.parse(payload);
    for (const { payload } of QUERY_EXAMPLES['query.inventory-answer']) InventoryAnswer.parse(payload);
    for (const { payload } of QUERY_EXAMPLES['query.personal-request']) PersonalRequest.parse(payload);
    for (const { payload } of QUERY_EXAMPLES['query.personal-answer']) PersonalAnswer.parse(payload);
    for (const { payload } of QUERY_EXAMPLES['query.charging-request']) ChargingRequest.parse(payload);
    for (const { payload } of QUERY_EXAMPLES['query.charging-answer']) ChargingAnswer.parse(payload);
    for (const { payload } of QUERY_EXAMPLES['query.refusal']) QueryRefusal.parse(payload);
    RecordedEvent.parse(EVENT_EXAMPLE);
    expect(readEvent(EVENT_EXAMPLE).chart).toBe('cpns-server/registration');
  });

  test('is what another implementation makes of the same keys', () => {
    const { pnId, gatewayId, deviceId, requestId } = STORY;
    const binding = { protocolVersion: 1, pnId, gatewayId, deviceId, requestId } as const;
    const request = writeRequest(KEYS.psk, binding, Buffer.from('400000006955b90a00000000', 'hex'), KEYS.device);
    const payload = Buffer.from(JSON.stringify({ code: 200, cpnsId: STORY.cpnsId }));
    const answer = answerRequest(readRequest(KEYS.psk, binding, request), payload, KEYS.server);
    const handshakeOf = (name: string) =>
      z.object({ handshake: z.string() }).parse(EXAMPLES.find((one) => one.name === name)?.payload['body']).handshake;
    expect(handshakeOf('member-asks')).toBe(request.toString('base64url'));
    expect(handshakeOf('member-registered')).toBe(answer.message.toString('base64url'));
    expect(STORY.keyId).toBe(answer.keyId);
  });
});

describe('docs/wire.md', () => {
  test('shows the worked example as it is, in messages that can be read as they stand', () => {
    const blocks = [...guide.matchAll(/```\n(\S+)\n(\{ "v"[^`]+)```/g)];
    const device = MESSAGES.filter(({ leg }) => leg.startsWith('link.')).map(({ leg, type }) => `${leg}/${type}`);
    const shown = blocks.map(([, subject = '', text = '']) => {
      expect([subject, decodeMessage(subject, Buffer.from(text)).kind]).toEqual([subject, 'message']);
      const address = parseSubject(subject);
      return `${address?.leg}/${address?.type}`;
    });
    expect(new Set(shown)).toEqual(new Set(device));
  });

  test('has every response code with its reason, and the CPNS ID of the worked example', () => {
    for (const [code, { reason, lasting }] of Object.entries(RESPONSE_CODES)) {
      expect(guide).toContain(code === '200' ? `| ${code} | ${reason} |` : `| ${code} | ${reason} | ${lasting} |`);
    }
    expect(guide).toContain(`{"code":200,"cpnsId":"${STORY.cpnsId}"}`);
  });
});

describe('npm run asyncapi', () => {
  const run = (args: readonly string[], cwd: string) =>
    promisify(execFile)(process.execPath, [join(root, 'script/asyncapi.ts'), ...args], { cwd });

  test('has written what is in the repository: the check has nothing to say', async () => {
    await expect(run(['--check'], root)).resolves.toEqual({ stdout: '', stderr: '' });
  });

  test('writes the file again where it is old, and the check says so before and not after', async () => {
    const dir = mkdtempSync(join(tmpdir(), 'cpns-asyncapi-'));
    try {
      mkdirSync(join(dir, 'docs'));
      cpSync(join(root, 'package.json'), join(dir, 'package.json'));
      writeFileSync(join(dir, 'docs/asyncapi.yaml'), yaml.replace('code: 401', 'code: 403'));
      const remedy = 'is out of date: the messages or their schemas changed. Run: npm run asyncapi';
      await expect(run(['--check'], dir)).rejects.toMatchObject({
        code: 1,
        stderr: `docs/asyncapi.yaml ${remedy}\n`,
      });
      await run([], dir);
      expect(readFileSync(join(dir, 'docs/asyncapi.yaml'), 'utf8')).toBe(yaml);
      await expect(run(['--check'], dir)).resolves.toEqual({ stdout: '', stderr: '' });
    } finally {
      rmSync(dir, { recursive: true, force: true });
    }
  });
});
