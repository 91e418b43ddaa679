import { describe, expect, it } from 'vitest';
import { replaceRegions } from './regions.ts';

describe('generated regions of a document', () => {
  it('are replaced by what is generated; the rest stays', () => {
    const text =
      'a\n<!-- generated:one -->\nold\n<!-- /generated -->\nb\n<!-- generated:two -->\n<!-- /generated -->\n';
    const now = replaceRegions(text, { one: '1', two: '$& 2' });
    expect(now).toBe(
      'a\n<!-- generated:one -->\n\n1\n<!-- /generated -->\nb\n<!-- generated:two -->\n\n$& 2\n<!-- /generated -->\n',
    );
    expect(replaceRegions(now, { one: '1', two: '$& 2' })).toBe(now);
  });

  it('must be of a name that is generated', () => {
    expect(() => replaceRegions('<!-- generated:x -->\n<!-- /generated -->', {})).toThrow("'x'");
  });

  it('must end', () => {
    expect(() => replaceRegions('<!-- generated:x -->\n', { x: '' })).toThrow('1 starts and 0 ends');
  });
});
