import { describe, expect, it } from 'vitest';
import { leafHash, leafText, type LeafEvent } from '../../journal/leaf.ts';

const EVENT: LeafEvent = {
  position: 7,
  stream: 'registration/home/hall-motion',
  version: 2,
  type: 'PneAuthenticated',
  schemaVersion: 1,
  meta: {
    messageId: 'm1',
    correlationId: 'c1',
    causationId: null,
    role: 'cpns-server',
    chart: { id: 'cpns-server/registration', hash: 'abcd' },
    crStep: '1.4.1/3',
    recordedAt: '2026-01-02T03:04:05.678Z',
  },
};

describe('the leaf of an event', () => {
  it('is its fields, a line each, and its data as stored', () => {
    expect(leafText(EVENT, '{"ü":1}')).toBe(
      [
        'cpns-event/1',
        '7',
        'registration/home/hall-motion',
        '2',
        'PneAuthenticated',
        '1',
        'm1',
        'c1',
        '',
        'cpns-server',
        'cpns-server/registration',
        'abcd',
        '=1.4.1/3',
        '2026-01-02T03:04:05.678Z',
        '{"ü":1}',
      ].join('\n'),
    );
    // printf of the lines above, with a zero byte before them, piped to sha256sum.
    expect(Buffer.from(leafHash(EVENT, '{"ü":1}')).toString('hex')).toBe(
      'b0809cb812a8f05932f3225fab53007ad13e657d768f7705ae045e239b057371',
    );
  });

  it('tells a text that is empty from one that is absent', () => {
    const empty = { ...EVENT, meta: { ...EVENT.meta, causationId: '' } };
    expect(leafText(empty, '{}')).not.toBe(leafText(EVENT, '{}'));
  });

  it('is refused for a text with a line break: two events could have one leaf', () => {
    expect(leafText({ ...EVENT, type: 'A\nB' }, '{}')).toBeNull();
    expect(leafText(EVENT, '{\n}')).toBeNull();
    expect(() => leafHash({ ...EVENT, stream: 'a\n' }, '{}')).toThrow('position 7');
  });
});
