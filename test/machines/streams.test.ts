import { describe, expect, it } from 'vitest';
import { CATALOGUE, CHART_IDS, rowOf } from '../../machines/catalogue.ts';
import {
  chartOf,
  chartsWith,
  ID_NAMES,
  idInStream,
  idsOf,
  JOURNAL_STREAMS,
  KINDS,
  parseStream,
  readStreamName,
  streamOf,
  streamPrefix,
  unitOf,
  UnknownStream,
} from '../../machines/streams.ts';

describe('the name of a stream', () => {
  it('is built from the ids of its actor, and read again', () => {
    expect(streamOf('cpns-server/registration', { pnId: 'home', deviceId: 'lamp' })).toBe('registration/home/lamp');
    expect(parseStream('registration/home/lamp')).toEqual({
      chart: 'cpns-server/registration',
      ids: { pnId: 'home', deviceId: 'lamp' },
    });
    expect(streamOf('journal/keyring', {})).toBe('keyring');
    expect(parseStream('keyring')).toEqual({ chart: 'journal/keyring', ids: {} });
    expect(idsOf('pn-gateway/usage', 'usage/hub/lamp')).toEqual({ gatewayId: 'hub', deviceId: 'lamp' });
  });

  it.each(CHART_IDS)('tells the chart %s', (id) => {
    const stream = rowOf(id).stream.replaceAll(/\{\w+\}/g, 'x');
    expect(chartOf(stream)).toBe(CATALOGUE[id].chart);
    expect(chartOf(stream).id).toBe(id);
    expect(CATALOGUE[id].chart.machine.id).toBe(id);
  });

  it.each([
    'typo/x',
    '',
    'keyring/x',
    'pn',
    'pn/',
    'pn/home/x',
    'registration/home',
    'registration//lamp',
    'registration/home/lamp/x',
    'pn/HOME',
    'constructor',
    '__proto__/x',
    'pn/home\n',
  ])('that fits no chart is an error: %j', (stream) => {
    for (const ask of [parseStream, chartOf, unitOf]) expect(() => ask(stream)).toThrow(UnknownStream);
    expect(readStreamName(stream)).toBeNull();
  });

  it('is of the chart that one asks for, or an error', () => {
    expect(() => idsOf('pne/registration', 'pn/home')).toThrow(UnknownStream);
  });

  it('begins as those of one PN do', () => {
    expect(streamPrefix('cpns-server/registration', { pnId: 'home' })).toBe('registration/home/');
    expect(streamPrefix('pn-gateway/gateway', {})).toBe('gateway/');
    expect(streamPrefix('cpns-server/personal-network', { pnId: 'home' })).toBe('pn/home');
  });

  it('tells one id of its actor; none that it has not, and none of a stream that no chart has', () => {
    expect(idInStream('registration/home/lamp', 'deviceId')).toBe('lamp');
    expect(idInStream('registration/home/lamp', 'gatewayId')).toBeNull();
    expect(idInStream('registration/home', 'pnId')).toBeNull();
    expect(chartsWith('gatewayId')).toEqual([
      'pn-gateway/gateway',
      'pn-gateway/admission',
      'pn-gateway/usage',
      'cpns-server/gateway-registration',
    ]);
  });

  it('has ids of a known kind, and none in the streams of every journal', () => {
    expect(ID_NAMES.map((name) => KINDS[name])).toEqual(['PNE', 'PN GW', 'PN']);
    for (const name of ID_NAMES) expect(chartsWith(name)).not.toEqual([]);
    expect(JOURNAL_STREAMS).toEqual(['keyring', 'record']);
  });

  it('begins with a word that no other chart has', () => {
    const words = CHART_IDS.map((id) => rowOf(id).stream.split('/')[0]);
    expect(new Set(words).size).toBe(words.length);
  });
});

describe('the unit of serialisation', () => {
  it.each([
    ['registration/home/lamp', 'pn/home'],
    ['charging/home/lamp', 'pn/home'],
    ['pn/home', 'pn/home'],
    ['gateway-registration/hub', 'gateway-registration/hub'],
    ['subject/lamp', 'subject/lamp'],
    ['keyring', 'keyring'],
    ['admission/hub/lamp', 'gateway/hub'],
    ['usage/hub/lamp', 'gateway/hub'],
    ['gateway/hub', 'gateway/hub'],
    ['pne/lamp', 'pne/lamp'],
  ])('of %s is %s', (stream, unit) => {
    expect(unitOf(stream)).toBe(unit);
  });
});
